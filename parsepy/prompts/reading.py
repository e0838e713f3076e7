"""Read a structured prompt: its sections, whose lines `classes` and `sentences` read."""

import re

from parsepy.prompts.classes import check_targets, read_class
from parsepy.prompts.records import SECTIONS, Prompt, PromptClass, Unclear
from parsepy.prompts.sentences import read_auth, read_behavior, read_security
from parsepy.prompts.words import TECHNOLOGIES, nearest

_HEADING = re.compile(r"^(?:#+ *|\*\*)?([A-Za-z][A-Za-z ]*?)(?:\*\*)?:(?:\*\*)?\s*$")
_ALIASES = {"behaviour": "Behavior", "authentication": "Auth", "deliverables": "Deliver"}
_USING = re.compile(r"\busing ([A-Za-z][\w.+# ]*?)(?: and ([A-Za-z][\w.+# ]*?))?[.;]?$")

Lines = list[tuple[int, str]]


def read(text: str) -> Prompt:
    """Read a prompt; what its rules do not cover is in ``unclear``. Raises nothing."""
    unclear: list[Unclear] = []
    title, sections = _sections(text, unclear)
    classes: list[PromptClass] = []
    for number, line in sections.get("Schema", []):
        found = read_class(number, line, unclear)
        if found is None:
            continue
        if found.name in {one.name for one in classes}:
            unclear.append(Unclear(number, found.name, "the class stands there twice"))
            continue
        classes.append(found)
    if not classes:
        unclear.append(Unclear(1, "Schema:", "no class was found"))
    check_targets(classes, unclear)
    names = [one.name for one in classes]
    statements = read_security(sections.get("Security", []), names, unclear)
    people = [statement.who for statement in statements if statement.who in statement.classes]
    hidden = read_behavior(sections.get("Behavior", []), names, people, unclear)
    read_auth(sections.get("Auth", []), unclear)
    return Prompt(
        title=title,
        classes=tuple(classes),
        texts={name: tuple(line for _, line in lines) for name, lines in sections.items()},
        statements=tuple(statements),
        hidden=tuple(hidden),
        technologies=_technologies(title, sections, unclear),
        unclear=tuple(sorted(unclear, key=lambda one: one.line)),
    )


def _sections(text: str, unclear: list[Unclear]) -> tuple[str, dict[str, Lines]]:
    """The title, and the lines of each section with their numbers, in the order of the text."""
    titles: list[str] = []
    sections: dict[str, Lines] = {}
    current: Lines | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        heading = _HEADING.match(line)
        if heading is not None:
            name = _section(heading[1])
            if name is None:
                known = nearest(heading[1], SECTIONS)
                unclear.append(Unclear(number, line, f"no section is called so{known}"))
            current = sections.setdefault(name or heading[1], [])
        elif line and current is None:
            titles.append(line)
        elif line and current is not None:
            current.append((number, line))
    return " ".join(titles), sections


def _section(heading: str) -> str | None:
    word = heading.strip().lower()
    known = {name.lower(): name for name in SECTIONS} | _ALIASES
    return known.get(word)


def _technologies(
    title: str, sections: dict[str, Lines], unclear: list[Unclear]
) -> tuple[str, ...]:
    found: list[str] = []
    lines = [(1, title), *sections.get("Deliver", [])]
    for number, line in lines:
        match = _USING.search(line)
        for name in match.groups() if match else ():
            if name is None:
                continue
            if name.lower() in TECHNOLOGIES:
                found.append(name)
            else:
                near = nearest(name, TECHNOLOGIES)
                unclear.append(
                    Unclear(number, name, f"types are made for no such technology{near}")
                )
    return tuple(dict.fromkeys(found))
