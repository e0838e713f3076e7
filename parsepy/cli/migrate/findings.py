"""``Findings``: what a look at a Parse Server has come to, section by section."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Section:
    """One part of what was looked at: what carries over, what differs, what is to be done."""

    title: str
    fine: list[str] = field(default_factory=list)
    """What carries over as it is."""
    differs: list[str] = field(default_factory=list)
    """What is otherwise than before, and how; nothing has to be done."""
    to_do: list[str] = field(default_factory=list)
    """What must be written or decided before the move."""

    def lines(self) -> Iterator[str]:
        """Write the section as it is printed."""
        yield self.title
        marked = (("", self.fine), ("differs: ", self.differs), ("to do: ", self.to_do))
        for mark, found in marked:
            for text in found:
                yield f"  {mark}{text}"
        if not (self.fine or self.differs or self.to_do):
            yield "  nothing"

    def to_json(self) -> dict[str, list[str]]:
        """Write the section for programs."""
        return {"fine": self.fine, "differs": self.differs, "toDo": self.to_do}


def verdict(sections: list[Section]) -> str:
    """Say in one line whether everything carries over."""
    to_do = sum(len(section.to_do) for section in sections)
    differs = sum(len(section.differs) for section in sections)
    also = f"; {differs} differ, see above and docs/differences.md" if differs else ""
    if to_do:
        things = "thing" if to_do == 1 else "things"
        return f"Verdict: {to_do} {things} to write or decide{also}"
    return f"Verdict: it carries over{also}"
