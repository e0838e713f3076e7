"""Mermaid sources: classes with what refers to what, and who asks whom in a flow."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parsepy.descriptions.dictionary import title_of
from parsepy.model.schema import DEFAULT_COLUMNS
from parsepy.model.templates import ClassNotes
from parsepy.model.values import JSONObject

_NO_NOTES: Mapping[str, ClassNotes] = {}


def entity_diagram(
    classes: Sequence[JSONObject], notes: Mapping[str, ClassNotes] = _NO_NOTES
) -> str:
    """Draw classes with their columns, pointers, relations, and arrays that say what they hold."""
    lines = ["erDiagram"]
    shown = {str(one["className"]) for one in classes}
    for one in classes:
        stored = str(one["className"])
        name = title_of(stored, shown)
        lines.append(f"    {name} {{")
        for key, column in one["fields"].items():
            if key not in DEFAULT_COLUMNS:
                lines.append(f"        {column['type']} {key}")
        lines.append("    }")
        known = notes.get(stored)
        for key, column in one["fields"].items():
            target = title_of(str(column.get("targetClass") or ""), shown)
            if target:
                mark = "}o--||" if column.get("required") else "}o--o|"
                mark = "}o--o{" if column["type"] == "Relation" else mark
                lines.append(f"    {name} {mark} {target} : {key}")
            of = known.fields[key].of if known is not None and key in known.fields else ()
            lines += [
                f"    {name} }}o--o{{ {title_of(held, shown)} : {key}"
                for held in of
                if held in shown
            ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A request of an integration flow: what it is for, method, path below the mount, body."""

    title: str
    method: str
    path: str
    body: str = ""


_STEP = re.compile(
    r"^\s*\d+\.\s+(?P<title>[^`]*?)[:.]?\s*`(?P<method>GET|POST|PUT|DELETE) (?P<path>/[^\s`]*)"
    r"(?:\s+(?P<body>\{[^`]*\}))?`"
)
MOST_STEPS = 20


def steps_of(text: str) -> tuple[FlowStep, ...]:
    """Read the steps of a flow from a numbered list: ``1. Log in: `POST /login {"a": 1}```."""
    found = []
    for line in text.splitlines():
        match = _STEP.match(line)
        if match is not None:
            found.append(
                FlowStep(
                    match["title"].strip(), match["method"], match["path"], match["body"] or ""
                )
            )
    return tuple(found[:MOST_STEPS])


def general_flow(classes: Sequence[JSONObject]) -> tuple[FlowStep, ...]:
    """Make the flow that every app has: log in, list what is public, save what users may."""
    steps = [
        FlowStep("Log in", "POST", "/login", '{"username": "ann", "password": "a good password"}')
    ]
    own = [one for one in classes if str(one["className"])[0] != "_"]
    listed = next((one for one in own if _grants(one, "find", "*")), None)
    if listed is not None:
        steps.append(
            FlowStep(
                f"List {listed['className']}", "GET", f"/classes/{listed['className']}?limit=3"
            )
        )
    saved = next((one for one in own if _grants(one, "create", "requiresAuthentication")), None)
    if saved is not None:
        steps.append(
            FlowStep(f"Save {saved['className']}", "POST", f"/classes/{saved['className']}", "{}")
        )
    return (*steps, FlowStep("Log out", "POST", "/logout", "{}"))


def _grants(one: JSONObject, operation: str, who: str) -> bool:
    return who in ((one.get("classLevelPermissions") or {}).get(operation) or {})


def flow_diagram(steps: Sequence[FlowStep]) -> str:
    """Draw the steps as a sequence between client, server and database."""
    lines = [
        "sequenceDiagram",
        "    participant App",
        "    participant Server",
        "    participant DB",
    ]
    for step in steps:
        text = re.sub(r"[^\w /.,'-]", " ", f"{step.method} {step.path.split('?')[0]}")
        title = re.sub(r"[^\w /.,'-]", " ", step.title)
        lines += [
            f"    App->>Server: {text}",
            f"    Note right of Server: {title}",
            f"    Server->>DB: {'read' if step.method == 'GET' else 'check, then write'}",
            "    Server-->>App: answer",
        ]
    return "\n".join(lines)
