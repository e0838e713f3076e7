"""The questions that people ask about an app, with its own classes in the answers."""

import re
from collections.abc import Mapping, Sequence

from parsepy.descriptions import ClassEntry, Snippets, names_only, snippets
from parsepy.portal.facts import Facts
from parsepy.portal.words import FAQ

_QUESTION = re.compile(r"^(?=## )", re.MULTILINE)
_SHOWN = 12


def questions(facts: Facts) -> str:
    """Write the questions as Markdown, each below a heading of the second level.

    They are the app's own, but for those about classes that it does not have; without any, what
    people ask about every app, answered with its classes.
    """
    parts = _QUESTION.split(facts.words.sections.get(FAQ, ""))
    own = [part for part in parts if part[:3] == "## " and names_only(part, facts.entries)]
    return "".join(own) or _general(facts)


def _general(facts: Facts) -> str:
    lead = facts.words.lead or "The backend of an application: apps ask it over HTTP."
    asked = [
        (f"What is {facts.name}?", f"{lead}\n\n{_code(facts.first, 'sh')}"),
        ("What does it include?", _contents(facts)),
    ]
    asked.append(
        (
            "Why use it?",
            "It speaks the protocol of Parse Server: its SDKs and an existing database work as "
            "they are. Permissions, sign-up, files, REST, GraphQL and Live Query come along.",
        )
    )
    if facts.own:
        asked += _about(facts)
    return "\n\n".join(f"## {question}\n\n{answer}" for question, answer in asked)


def _contents(facts: Facts) -> str:
    lines, own, functions = [], facts.own, [one.name for one in facts.functions]
    for entry in own[:_SHOWN]:
        text = f": {entry.description}" if entry.description else ""
        is_live = entry.name in facts.live_classes
        lines.append(f"* `{entry.title}`{text}{' (live)' if is_live else ''}")
    if len(own) > _SHOWN:
        lines.append(f"* and {len(own) - _SHOWN} more classes (see the data dictionary)")
    if functions:
        shown = ", ".join(f"`{one}`" for one in functions[:_SHOWN])
        more = f" and {len(functions) - _SHOWN} more" if len(functions) > _SHOWN else ""
        lines.append(f"* Functions of cloud code: {shown}{more}")
    lines.append("* Users with sessions and roles, files, REST, and every Parse SDK")
    return "\n".join(lines)


def example(own: Sequence[ClassEntry]) -> ClassEntry:
    """Choose the class that examples are written for: one that everybody may read, if any."""
    return next((one for one in own if _is_public(one)), own[0])


def _about(facts: Facts) -> list[tuple[str, str]]:
    """Ask about one class, and answer with its code."""
    entry = example(facts.own)
    closed = next((one for one in facts.own if not _is_public(one)), entry)
    title, code = entry.title, snippets(entry, facts.url, facts.app_id, is_live=False)
    return [
        (f"How do I query {title} objects with Flutter?", _code(code["Flutter"].query, "dart")),
        (
            f"How do I create a {title} object with Next.js server actions?",
            "With a session per request: a server has no current user. The token comes from the "
            "visitor's cookie and is passed with every call.\n\n"
            + _code(_with_session(code), "js"),
        ),
        (
            f"Can React Native keep {title} objects offline?",
            "Yes: keep objects by id, and ask for what has changed since the last one. A deleted "
            "object does not show in such a query: mark objects instead of deleting them.\n\n"
            + _code(
                f'const query = new Parse.Query("{entry.name}").limit(100)\n'
                '  .greaterThanOrEqualTo("updatedAt", since).ascending("updatedAt");\n'
                "const changed = await query.find();",
                "js",
            ),
        ),
        (
            f"How do I keep a {title} object from being created twice?",
            "Send an id with the request. Where the option `idempotencyOptions` names the path, "
            "the same id again makes nothing, and is answered with code 159.\n\n"
            + _code(
                code["REST"].create.replace(
                    "curl -X POST", "curl -X POST -H 'X-Parse-Request-Id: tap-1'", 1
                ),
                "sh",
            ),
        ),
        (
            f"Who may see and change {closed.title} objects?",
            f"{' '.join(closed.rights)} No client goes past the server's permissions, "
            "by REST, GraphQL or Live Query. What each class allows stands under Security.",
        ),
        (
            f"What is the best way to show many {title} objects on Android?",
            "By pages, with the fields that the list shows; for thousands, go on after the last "
            "object (`whereGreaterThan`) instead of skipping.\n\n"
            + _code(
                f'val page = ParseQuery.getQuery<ParseObject>("{entry.name}")\n'
                '    .orderByAscending("createdAt").setLimit(20).setSkip(20 * number)',
                "kotlin",
            ),
        ),
        (
            "How does it work from end to end?",
            "\n".join(
                f"{number}. {step.title}: `{step.method} {step.path}`"
                for number, step in enumerate(facts.flow, 1)
            ),
        ),
    ]


def _is_public(entry: ClassEntry) -> bool:
    return "*" in ((entry.json.get("classLevelPermissions") or {}).get("find") or {})


def _with_session(code: Mapping[str, Snippets]) -> str:
    return code["JavaScript"].create.removesuffix(");") + ", { sessionToken });"


def _code(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"
