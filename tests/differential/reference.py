"""The reference's answers: as `make record` wrote them down, or from the living Parse Server.

`PARSEPY_REFERENCE` says which: `recorded` (also when it is not set), `living`, which holds the
recorded answers to the living ones, too, or `record`, which writes the living ones down.
"""

import hashlib
import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.differential.scenario import ABSENT, Scenario
from tests.differential.sides import Side, options_of
from tests.peer import REFERENCE

MODES = ("recorded", "living", "record")
MODE = os.environ.get("PARSEPY_REFERENCE", "recorded")
if MODE not in MODES:
    raise ValueError(f"PARSEPY_REFERENCE is {MODE!r}; it may be {', '.join(MODES)}")

# What the peer is started from. A change asks for a new recording, as does one of its options or of
# a file that these name.
PROGRAM = (REFERENCE / "package.json", REFERENCE / "server.js")
HERE = Path(__file__).parent
FOLDER = HERE / "recorded"
NAMED = re.compile(re.escape(str(HERE)) + r"[\w/]*\.js")

Start = Callable[[str], Awaitable[Side]]
"""Start the living reference under a configuration, or return it if it runs."""


def asked(scenario: Scenario) -> str:
    """Return the text of all that decides the answers to a scenario, but for the program."""
    steps = [
        [
            "<absent>" if (value := getattr(step, part.name)) is ABSENT else repr(value)
            for part in fields(step)
            if part.name != "name"
        ]
        for step in scenario.steps
    ]
    return json.dumps(steps)


def digest(*texts: str) -> str:
    """Return a short text that is another one for other texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def server(configuration: str) -> str:
    """Return the digest of what the reference is under a configuration."""
    given = {"receiver": "<receiver>"}
    options = json.dumps(options_of(configuration, HERE / "mailer.js", given))
    loaded = [Path(path) for path in sorted(set(NAMED.findall(options)))]
    texts = [path.read_text(encoding="utf-8") for path in (*PROGRAM, *loaded)]
    return digest(options.replace(str(HERE), ""), *texts)


@dataclass(slots=True)
class Recording:
    """The recorded answers of one configuration, in a file of `folder`.

    `stories` are by name: the digest of what was asked, and the answers.
    """

    configuration: str
    folder: Path = FOLDER
    server: str = ""
    stories: dict[str, dict[str, Any]] = field(default_factory=dict)
    _is_changed: bool = False

    def __post_init__(self) -> None:
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.server, self.stories = kept["server"], kept["stories"]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return self.folder / f"{self.configuration}.json"

    def answers(self, name: str, request: str) -> list[Any]:
        """Return the recorded answers; fail the test if this was never asked of this server."""
        story = self.stories.get(name)
        if story is None:
            self._fail(f"{name!r} is not recorded")
        if story["asked"] != digest(request):
            self._fail(f"{name!r} has changed since it was recorded")
        if self.server != server(self.configuration):
            self._fail(f"the configuration {self.configuration!r} has changed since")
        found: list[Any] = story["answers"]
        return found

    def _fail(self, why: str) -> NoReturn:
        pytest.fail(f"{why}: run `make record`", pytrace=False)

    def keep(self, name: str, request: str, answers: list[Any]) -> None:
        """Take these answers for the recorded ones; those of another server go."""
        if self.server != (current := server(self.configuration)):
            self.server, self.stories = current, {}
        self.stories[name] = {"asked": digest(request), "answers": answers}
        self._is_changed = True

    def write(self, known: set[str]) -> None:
        """Write what was kept, a line for each answer, without the names that nobody knows."""
        if not self._is_changed:
            return
        stories = []
        for name in sorted(known & set(self.stories)):
            story = self.stories[name]
            lines = ",\n".join(
                json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                for answer in story["answers"]
            )
            head = f'{json.dumps(name)}:{{"asked":"{story["asked"]}"'
            stories.append(f'{head},"answers":[\n{lines}]}}')
        self.folder.mkdir(exist_ok=True)
        text = ",\n".join(stories)
        self.path.write_text(
            f'{{"server":"{self.server}","stories":{{\n{text}}}}}\n',
            encoding="utf-8",
            errors="backslashreplace",  # a lone surrogate, as JSON escapes it
        )


class Reference:
    """Gives the answers of Parse Server."""

    def __init__(self, start: Start, mode: str = MODE, folder: Path = FOLDER) -> None:
        self._start = start
        self._mode = mode
        self._folder = folder
        self._recordings: dict[str, Recording] = {}

    async def answers(
        self,
        configuration: str,
        name: str,
        request: str,
        play: Callable[[Side], Awaitable[list[Any]]],
    ) -> list[Any]:
        """Return the answers to what `play` sends; `request` is the text of all that it sends.

        Fails the test if they are to be read and were not recorded for this very request, or, in
        mode `living`, if the living server answers otherwise than was recorded.
        """
        recording = self._recording(configuration)
        if self._mode == "recorded":
            return recording.answers(name, request)
        # Through JSON and back, as the recorded ones.
        given: list[Any] = json.loads(json.dumps(await play(await self._start(configuration))))
        if self._mode == "record":
            recording.keep(name, request, given)
        elif given != recording.answers(name, request):
            pytest.fail(f"Parse Server answers {name!r} otherwise than recorded", pytrace=False)
        return given

    def write(self, known: set[str]) -> None:
        """Write down what was asked, if that is the mode."""
        for recording in self._recordings.values():
            recording.write(known)

    def _recording(self, configuration: str) -> Recording:
        if configuration not in self._recordings:
            self._recordings[configuration] = Recording(configuration, self._folder)
        return self._recordings[configuration]
