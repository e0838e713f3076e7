"""What of an answer is compared: random ids, tokens and the server's clock get stable names."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = re.compile(r"r:[0-9a-f]{32}")
OBJECT_ID = re.compile(r"[A-Za-z0-9]{10}")
MADE_ID = re.compile(r"[A-Za-z0-9]{10}|[0-9a-f]{24}")  # Parse's, or MongoDB's own
FILE_PREFIX = re.compile(r"\b[0-9a-f]{32}_")
DATABASE = re.compile(r"\bdifferential_\d+_")  # what MongoDB's errors name, by this run's process
RANDOM_USERNAME = re.compile(r"[A-Za-z0-9]{25}")
CLOCK = timedelta(minutes=30)
SESSION = timedelta(seconds=31536000)


def parse(text: str) -> Any:
    """Read JSON, keeping the spelling of non-integer numbers."""
    return json.loads(text, parse_float=lambda spelled: f"<number {spelled}>")


@dataclass(slots=True)
class Normaliser:
    """Stable names for one side's random values, by the step and place where they first appear.

    `literals` is the text of the whole scenario: what it spells out itself is never renamed.
    `places` are addresses with their names.
    """

    literals: str
    places: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)
    step: int = 0

    def answer(self, response: httpx.Response, step_headers: Any, *, sort: bool) -> Any:
        """Return status, content type and body of `response` in comparable form."""
        self.step += 1
        # Parse Server leaves the type of its 403 away, though the body is JSON.
        kind = response.headers.get("content-type", "application/json").split(";")[0]
        shown: dict[str, Any] = {"status": response.status_code, "content-type": kind}
        body: Any = response.text
        if kind == "application/json" and body:
            body = parse(body)
        location = response.headers.get("location")
        if isinstance(body, (dict, list)):
            if sort:
                body = self._sorted(body)
            self._learn(body)
        if location is not None:
            self._learn_location(location)
            shown["location"] = self.text(location)
        for header in step_headers:
            given = response.headers.get(header)
            if given is not None and OBJECT_ID.fullmatch(given):
                self._name(given, "id")
            shown[header] = given if given is None else self.text(given)
        shown["body"] = self.value(body)
        return shown

    def _sorted(self, body: Any) -> Any:
        """Order `results` by content, for queries that asked for no order."""
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            return body
        blank = Blank(self.literals, self.places, dict(self.names))
        ranked = sorted(
            body["results"], key=lambda item: json.dumps(blank.value(item), sort_keys=True)
        )
        return {**body, "results": ranked}

    def _learn(self, value: Any, key: str = "") -> None:
        if isinstance(value, Mapping):
            for name in sorted(value):
                self._learn(value[name], name)
        elif isinstance(value, list):
            for item in value:
                self._learn(item, key)
        elif isinstance(value, str):
            if key == "objectId" and MADE_ID.fullmatch(value):
                self._name(value, "id")
            elif key == "token" and RANDOM_USERNAME.fullmatch(value):
                self._name(value, "link")
            elif key == "username" and RANDOM_USERNAME.fullmatch(value):
                self._name(value, "username")
            for prefix in FILE_PREFIX.findall(value):
                self._name(prefix, "prefix")
            for token in TOKEN.findall(value):
                self._name(token, "token")

    def _learn_location(self, location: str) -> None:
        last = location.rsplit("/", 1)[-1]
        if OBJECT_ID.fullmatch(last):
            self._name(last, "id")

    def _name(self, value: str, kind: str) -> None:
        if value not in self.names and value not in self.literals:
            # Named by step: an object that only one side made leaves all other names as they are.
            prefix = f"<{kind} {self.step}."
            count = sum(1 for name in self.names.values() if name.startswith(prefix))
            self.names[value] = f"{prefix}{count + 1}>"

    def value(self, value: Any) -> Any:
        """Return `value` with every known random string replaced, keys included."""
        if isinstance(value, Mapping):
            return {self.text(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Return `text` with ids, tokens, server times and the addresses replaced."""
        for place, name in self.places.items():
            text = text.replace(place, name)
        for known, name in self.names.items():
            if known in text:
                text = text.replace(known, name)
        return ISO.sub(self._date, DATABASE.sub("differential_", text))

    def _date(self, found: re.Match[str]) -> str:
        if found.group() in self.literals:
            return found.group()
        moment = datetime.fromisoformat(found.group())
        now = datetime.now(UTC)
        for name, expected in (("<date>", now), ("<date in a year>", now + SESSION)):
            if abs(moment - expected) < CLOCK:
                return name
        return found.group()


class Blank(Normaliser):
    """Gives all unknown random values one name, so that an order cannot depend on them."""

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: "<id>" if key == "objectId" and item not in self.names else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return TOKEN.sub("<token>", self.text(value)) if isinstance(value, str) else value
