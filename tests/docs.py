"""The pages of docs/ that are made from tables; `make docs` writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsepy.config import OPTIONS, Option
from parsepy.errors import Code
from parsepy.http.failures import status_of
from tests.differential import cases, differences

DOCS = Path(__file__).parent.parent / "docs"

OPTIONS_INTRO = """\
Parse Server's own names. An option comes from a flag, else from its environment variable, else
from the file of `--config`, else it has its default. The flag is the name, or the name with dashes:
`--masterKeyIps` or `--master-key-ips`; `--set masterKeyIps=…` is the same. In a flag or variable,
objects are JSON, and lists are JSON or separated by commas. An unknown name or a wrong value stops
the start; every problem is told at once. `parsepy show options` prints these tables."""

IDLE_INTRO = """\
They are accepted, and checked, so that a configuration carries over; the start says in one
warning which of them are set."""

ERRORS_INTRO = """\
A refusal is `{"code": number, "error": "message"}` with the HTTP status of its code. All Parse
SDKs share the numbers; in cloud code they are members of `parsepy.Code`. "SDKs only" marks
numbers that exist for SDKs and that this server does not send.

Refusals that Parse answers by status have no code: 403 for a wrong key or a route of the master
key, 404 for an unknown route, 409 for `/security` when it is off. Too many requests are status
429 with code 100 (155 for too many at once) and `Retry-After`, a body that is too large is 413,
a database that does not answer is 503 with code 1 and `Retry-After`. With the option
`enableSanitizedErrorResponse` (the default) a refusal of permissions reads "Permission denied";
its reason is in the log. [The protocol](protocol.md), §3, says more."""

DIFFERENCES_INTRO = """\
For whoever moves from Parse Server, or to it. Tests send the same thousands of requests to parsepy
and to Parse Server 9.10.0 and compare the answers. Those on this page differ on purpose; all
others are the same, and the test fails when one is not, or when a line of this page is no
longer true. What is stored is the same for both, but where a line says otherwise."""


UNSEEN_INTRO = """\
What takes many requests at once, time, or a party between, is not compared request by request; a
test of parsepy alone shows it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of docs/differences.md: the files of `tests/differential/cases` that belong to it."""

    title: str
    files: tuple[str, ...]
    do: str


TOPICS = (
    Topic(
        "Requests, paths and batches",
        ("request_forms", "clients", "forms", "batches", "credentials", "keys_configuration"),
        "SDKs need no change. Look at programs of yours that send requests by hand: what Parse "
        "Server let pass by accident is refused, and every refusal is JSON.",
    ),
    Topic(
        "Objects and their values",
        (
            "objects",
            "bounds",
            "types",
            "updates",
            "dotted_keys",
            "stored_documents",
            "invalid_input",
        ),
        "Correct what sends such values; objects that are stored already are read as they are.",
    ),
    Topic(
        "Queries",
        ("queries", "operators", "relations", "typed_values", "selections"),
        "Correct queries that are refused now: Parse Server answered them with an internal "
        "error, or with objects that were not asked for.",
    ),
    Topic("Places", ("geo",), "Correct queries and places that are refused now."),
    Topic("Words", ("text",), "Correct searches that are refused now."),
    Topic(
        "Aggregation",
        ("aggregate",),
        "Compare the results of pipelines that match dates, pointers or null: they find now "
        "what they say.",
    ),
    Topic(
        "Users, sessions and mails",
        ("users", "sessions", "accounts", "factors", "hardening", "mail", "maintenance"),
        "Nothing, unless a client sends names or passwords that are empty.",
    ),
    Topic(
        "Sign-in providers",
        ("providers",),
        "Nothing for those that worked. Clients of the others send what accounts.md shows.",
    ),
    Topic(
        "Permissions",
        ("permissions", "class_permissions", "protected_fields"),
        "Nothing is open that was shut. Look at the lines that say what is shut now.",
    ),
    Topic(
        "Schemas",
        ("schemas", "schema_bodies", "own_names", "server_behaviour"),
        "Nothing, unless a program compares what `/schemas` answers.",
    ),
    Topic(
        "Cloud code and webhooks",
        ("cloud_code", "hooks", "webhook_errors", "what_hooks_see"),
        "Cloud code is written anew, in Python ([cloud-code.md](cloud-code.md)). Webhooks stay; "
        "look at what they are sent and answer.",
    ),
    Topic("Files", ("files",), "Nothing, unless a client counts on ranges that were wrong."),
    Topic(
        "Installations, push and the running of a server",
        ("administration", "dashboard", "installations", "operations", "push"),
        "Nothing, unless a program of yours sends such requests.",
    ),
)


def options() -> str:
    """docs/options.md, from the table of options."""
    rows: list[Sequence[str]] = []
    inside: list[str] = []
    idle: list[Sequence[str]] = []
    for option in OPTIONS:
        if not option.acts:
            idle.append((f"`{option.name}`", _why(option)))
            continue
        members = [member for member in option.members if member.acts]
        idle += [
            (f"`{option.name}.{member.name}`", _why(member))
            for member in option.members
            if not member.acts
        ]
        about = option.help + (f" ([below](#{option.name.lower()}))" if members else "")
        rows.append((f"`{option.name}`", *_value(option), f"`{option.env}`", about))
        if members:
            lines = [(f"`{member.name}`", *_value(member), member.help) for member in members]
            inside += ["", f"### {option.name}", "", f"{_sentence(option.help)}", ""]
            inside += _table(("option", "takes", "default", "what it does"), lines)
    return _page(
        "Options",
        "parsepy/config",
        [
            OPTIONS_INTRO,
            "",
            *_table(("option", "takes", "default", "variable", "what it does"), rows),
            "",
            "## Options inside of options",
            "",
            'They are set as an object: `{"accountLockout": {"threshold": 5}}`.',
            *inside,
            "",
            "## Options without effect here",
            "",
            IDLE_INTRO,
            "",
            *_table(("option", "what it is for, and why it has no effect"), idle),
        ],
    )


def errors() -> str:
    """docs/errors.md, from the enumeration of codes."""
    rows = [
        (str(code.value), f"`{code.name}`", str(status_of(code)), code.meaning) for code in Code
    ]
    table = _table(("code", "name", "status", "what it means"), rows)
    return _page("Error codes", "parsepy/errors.py", [ERRORS_INTRO, "", *table])


def differences_page() -> str:
    """docs/differences.md, from `differences.toml` and the cases that it names."""
    topics = _topics_of_scenarios()
    kept: dict[str, dict[str, list[tuple[str, differences.Difference]]]] = {
        topic.title: {} for topic in TOPICS
    }
    for case, difference in differences.read().items():
        title = topics[case.partition(": ")[0]]
        kept[title].setdefault(difference.reason, []).append((case, difference))

    first = {
        _cell(reason): _cell(difference.do)
        for reasons in kept.values()
        for reason, found in reasons.items()
        for _, difference in found
        if difference.do
    }
    lines = ["## Look at these first", "", *_table(("what differs", "what to do"), first.items())]
    for topic in TOPICS:
        rows = [
            (_cell(reason), _answers(found), _cell(_seen(found)))
            for reason, found in kept[topic.title].items()
        ]
        if rows:
            table = _table(("what differs, and why", "parsepy answers", "tried as"), rows)
            lines += ["", f"## {topic.title}", "", f"What to do: {topic.do}", "", *table]
    unseen = [(_cell(one.reason), _code(f"tests/{one.shown}")) for one in differences.read_unseen()]
    lines += ["", "## What no single request shows", "", UNSEEN_INTRO, ""]
    lines += _table(("what differs, and why", "shown by"), unseen)
    source = "tests/differential/differences.toml"
    return _page("Where parsepy answers otherwise", source, [DIFFERENCES_INTRO, "", *lines])


def _topics_of_scenarios() -> dict[str, str]:
    """The name of every scenario → the title of its topic; ValueError for one that has none."""
    found = {
        scenario.name: topic.title
        for topic in TOPICS
        for file in topic.files
        for scenario in getattr(cases, file).SCENARIOS
    }
    missing = [scenario.name for scenario in cases.SCENARIOS if scenario.name not in found]
    if missing:
        raise ValueError(f"the file of these cases belongs to no topic of tests/docs.py: {missing}")
    return found


def _value(option: Option) -> tuple[str, str]:
    """What an option takes, and its default."""
    default = "" if option.default is None else _code(json.dumps(option.default))
    return _cell(option.check.expected), default


def _why(option: Option) -> str:
    return f"{_cell(option.help)}: {option.idle or 'not acted on yet'}"


def _answers(found: Iterable[tuple[str, differences.Difference]]) -> str:
    """The different answers to the cases of a difference, in one cell."""
    told = dict.fromkeys(_answer(difference.ours) for _, difference in found)
    return "; ".join(told)


def _answer(ours: dict[str, Any]) -> str:
    """The parts of an answer that are certain, in words."""
    parts = [str(ours["status"])] if "status" in ours else []
    if "code" in ours:
        parts.append(f"code {ours['code']}")
    for name, value in ours.items():
        if name not in ("status", "code"):
            shown = json.dumps(value, ensure_ascii=False)
            shown = shown if len(shown) <= 70 else f"{shown[:67]}…"
            parts.append(_code(f"{name.removeprefix('body.')}: {shown}"))
    return ", ".join(parts)


def _seen(found: Sequence[tuple[str, differences.Difference]]) -> str:
    """The first case by name, and how many more there are."""
    first = found[0][0]
    return first if len(found) == 1 else f"{first}, and {len(found) - 1} more"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cell(text: str) -> str:
    """Text that means nothing to Markdown and stays in its cell."""
    return re.sub(r"([|*<\[])", r"\\\1", text)


def _code(text: str) -> str:
    """Text as it is written, in a cell."""
    escaped = text.replace("|", r"\|")
    return f"`{escaped}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _page(title: str, source: str, lines: Iterable[str]) -> str:
    head = f"# {title}\n\n<!-- Made from {source} by `make docs`: change that, not this page. -->\n"
    return head + "\n" + "\n".join(lines) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "options.md": options,
    "errors.md": errors,
    "differences.md": differences_page,
}


def main() -> None:
    """Write the pages, and say which have changed."""
    for name, make in GENERATED.items():
        path, text = DOCS / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs/{name}")


if __name__ == "__main__":
    main()
