"""How a case is written: a `Scenario` is a list of requests (`Step`) that one client sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ABSENT: Any = object()
"""The body of a request that has none (a JSON `null` is a body)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    `path` is below the mount; `{name}` in path, query, body and headers stands for a value that an
    earlier step saved. `who` is `master`, `readonly`, `maintenance`, a saved session token's name,
    or None for nobody. `save` maps a name to a path into the answer such as `$.results.0.objectId`.
    `compare` adds response headers to what is compared; `bare` sends no credential headers at all.
    `page` says that the answer is a page, whose text is not compared.
    `until` maps paths into the answer to texts: the request is sent until they stand there.
    `ordered` says that the order of the results is defined though the query has no `order`.
    """

    method: str
    path: str
    body: Any = ABSENT
    query: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    bare: bool = False
    ordered: bool = False
    compare: Sequence[str] = ()
    page: bool = False
    until: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named story against one of the configurations in `sides.CONFIGURATIONS`."""

    name: str
    steps: Sequence[Step]
    configuration: str = "default"

    def labelled(self) -> list[tuple[str, Step]]:
        """Return (case id, step) pairs; the id is `scenario: name`, numbered if it repeats."""
        seen: dict[str, int] = {}
        pairs = []
        for step in self.steps:
            label = step.name or f"{step.method} {step.path}"
            seen[label] = seen.get(label, 0) + 1
            suffix = f" #{seen[label]}" if seen[label] > 1 else ""
            pairs.append((f"{self.name}: {label}{suffix}", step))
        return pairs


def get(path: str, *, query: Mapping[str, Any] | None = None, **more: Any) -> Step:
    """Make a GET; `query` values that are not strings are sent as JSON text."""
    return Step("GET", path, query=query or {}, **more)


def find(class_name: str, where: Any = None, *, who: str | None = None, **options: Any) -> Step:
    """Make a query; `options` are the query's own (order, limit, keys...) or fields of `Step`."""
    step = {
        key: options.pop(key) for key in ("name", "save", "headers", "ordered") if key in options
    }
    if where is not None:
        options["where"] = where
    return Step("GET", f"/classes/{class_name}", query=options, who=who, **step)


def post(path: str, body: Any = ABSENT, **more: Any) -> Step:
    """Make a POST."""
    return Step("POST", path, body, **more)


def put(path: str, body: Any = ABSENT, **more: Any) -> Step:
    """Make a PUT."""
    return Step("PUT", path, body, **more)


def delete(path: str, **more: Any) -> Step:
    """Make a DELETE."""
    return Step("DELETE", path, **more)


def create(class_name: str, body: Any, *, save: str = "", **more: Any) -> Step:
    """Make a POST of an object; `save` names the variable that keeps its objectId."""
    kept = {save: "$.objectId"} if save else {}
    return Step("POST", f"/classes/{class_name}", body, save=kept, **more)


def store(class_name: str, document: Any, **more: Any) -> Step:
    """Put a document, in extended JSON, into the database past the server."""
    return Step("STORE", f"/classes/{class_name}", document, **more)


def stored(class_name: str, **more: Any) -> Step:
    """Look at what the database holds of a class: its columns, as texts that keep their order."""
    return Step("STORED", f"/classes/{class_name}", **more)


def sign_up(who: str, username: str, **fields: Any) -> Step:
    """Sign a user up; `{who}` becomes the session token and `{who_id}` the objectId."""
    return Step(
        "POST",
        "/users",
        {"username": username, "password": "pass-word", **fields},
        save={who: "$.sessionToken", f"{who}_id": "$.objectId"},
    )


def pointer(class_name: str, object_id: str) -> dict[str, Any]:
    """Make a Pointer in REST form."""
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


def date(iso: Any) -> dict[str, Any]:
    """Make a Date in REST form."""
    return {"__type": "Date", "iso": iso}


def op(name: str, **fields: Any) -> dict[str, Any]:
    """Make a field operation."""
    return {"__op": name, **fields}
