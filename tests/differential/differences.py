"""The deliberate differences: `differences.toml`, read and held against both answers."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("differences.toml")


@dataclass(frozen=True, slots=True)
class Difference:
    """What parsepy answers instead, in the parts that `ours` names, and why it does so."""

    ours: dict[str, Any]
    reason: str
    do: str = ""
    """What whoever moves from Parse Server has to look at."""

    def objection(self, ours: Any, peers: Any) -> str | None:
        """Say what is wrong with this entry, given both answers; None if it holds."""
        if ours == peers:
            return "listed in differences.toml, but both servers answer the same now: remove it"
        wrong = {
            key: found for key, wanted in self.ours.items() if (found := part(ours, key)) != wanted
        }
        return f"differences.toml says {self.ours}, but ours has {wrong}" if wrong else None


@dataclass(frozen=True, slots=True)
class Unseen:
    """A difference that no case shows: it takes many at once, time, or another party."""

    reason: str
    shown: str
    """`file::test` of ours, below `tests`, that shows what parsepy does."""

    def objection(self) -> str | None:
        """Say what is wrong with this entry; None if its test is there."""
        file, _, name = self.shown.partition("::")
        path = FILE.parents[1] / file
        if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
            return f"there is no test {self.shown}"
        return None


def part(answer: Any, path: str) -> Any:
    """Return what `path` names: `status`, a header, `body.results.0.name`, or a key of the body."""
    if path in answer:
        return answer[path]
    found: Any = answer if path.startswith("body.") else answer["body"]
    for key in path.split("."):
        if isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found


def read(path: Path = FILE) -> dict[str, Difference]:
    """Return the differences by case id; raises ValueError for an entry that is not complete."""
    found: dict[str, Difference] = {}
    for entry in tomllib.loads(path.read_text()).get("difference", []):
        keys = set(entry) - {"do"}
        if keys != {"cases", "ours", "reason"} or not entry["reason"] or not entry["ours"]:
            raise ValueError(f"an entry needs cases, ours and reason: {entry}")
        for case in entry["cases"]:
            if case in found:
                raise ValueError(f"{case} is listed twice")
            found[case] = Difference(entry["ours"], entry["reason"], entry.get("do", ""))
    return found


def read_unseen(path: Path = FILE) -> list[Unseen]:
    """Return the differences that no case shows; raises TypeError for an incomplete entry."""
    return [Unseen(**entry) for entry in tomllib.loads(path.read_text()).get("unseen", [])]


def unknown(found: Iterable[str], cases: Iterable[str]) -> list[str]:
    """Return the listed ids that no scenario has."""
    return sorted(set(found) - set(cases))
