"""Read the sentences of a prompt's Security, Auth and Behavior sections."""

import re
from collections.abc import Iterator, Sequence

from parsepy.prompts.records import STAFF, Statement, Unclear
from parsepy.prompts.words import AUTH, DOING, OPERATIONS, class_in, singulars

_ONLY = re.compile(
    r"^only (?:the )?(?P<who>[\w -]+?) (?:can|may) (?P<verbs>[\w/, ]+?) "
    r"(?P<whose>their own |their |the )?(?P<what>[\w, -]+)$",
    re.IGNORECASE,
)
_ANYONE = re.compile(
    r"^(?P<who>anyone|anybody|everyone|everybody|signed-in users|users|logged-in users) "
    r"(?:can|may) (?P<verbs>[\w/, ]+?) (?:the )?(?P<what>[\w, -]+)$",
    re.IGNORECASE,
)
_LIST = re.compile(r",|\band\b|/")
_UNDERSTOOD = {"validate in cloud code"}
_SIGNED_IN = {"signed-in users", "logged-in users", "users", "signed-in user"}
_OWNERS = {"owner", "author", "creator", "owners"}

Lines = Sequence[tuple[int, str]]


def _sentences(lines: Lines) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        for sentence in re.split(r"(?<=[.;])\s+", line.lstrip("-*• ").strip()):
            text = sentence.strip().rstrip(".;")
            if text:
                yield number, text


def read_security(lines: Lines, names: Sequence[str], unclear: list[Unclear]) -> list[Statement]:
    """Read who may do what: ``Only the customer can create/delete their orders.``"""
    statements = []
    for number, text in _sentences(lines):
        if text.lower() in _UNDERSTOOD:
            continue
        match = _ONLY.match(text) or _ANYONE.match(text)
        if match is None:
            form = 'write "Only the X can create/update/delete their Y", or "Anyone can list Y"'
            unclear.append(Unclear(number, text, form))
            continue
        statement = _statement(number, text, match, names, unclear)
        if statement is not None:
            statements.append(statement)
    return statements


def _statement(
    number: int, text: str, match: re.Match[str], names: Sequence[str], unclear: list[Unclear]
) -> Statement | None:
    is_only = match.re is _ONLY
    who, is_role = _who(match["who"], names, is_only=is_only)
    verbs = [word.strip().lower() for word in _LIST.split(match["verbs"]) if word.strip()]
    unknown = [verb for verb in verbs if verb not in OPERATIONS]
    if unknown:
        known = "create, update, delete, read, list, manage"
        unclear.append(Unclear(number, text, f"{unknown[0]!r} is not read; {known} are"))
        return None
    classes, missing = _classes(match["what"], names, who)
    if missing:
        unclear.append(Unclear(number, text, f"no class is called {missing[0]}"))
    if not classes:
        return None
    operations = dict.fromkeys(op for verb in verbs for op in OPERATIONS[verb])
    return Statement(who, tuple(operations), tuple(classes), is_only, is_role)


def _who(text: str, names: Sequence[str], *, is_only: bool) -> tuple[str, bool]:
    """Who is meant: a class of people, a role, the owner, whoever is signed in, anyone."""
    word = text.strip().lower()
    if not is_only and word not in _SIGNED_IN:
        return "*", False
    if word in _SIGNED_IN and word != "user":
        return "users", False
    if word in _OWNERS:
        return "owner", False
    found = class_in(word, [*names, "User"])
    if found is not None and word == found.lower():
        return found, False
    role = next((one for one in singulars(word) if one in STAFF), None)
    return role or min(singulars(word), key=len), True


def _classes(text: str, names: Sequence[str], who: str) -> tuple[list[str], list[str]]:
    """The classes of a list of words; ``profile`` is the class of who is spoken of."""
    found, missing = [], []
    for part in (one.strip() for one in _LIST.split(text)):
        if not part:
            continue
        if singulars(part) & {"profile", "account"}:
            found.append(who)
            continue
        name = class_in(part, [*names, "User"])
        found += [name] if name else []
        missing += [] if name else [part]
    return found, missing


def read_behavior(
    lines: Lines, names: Sequence[str], people: Sequence[str], unclear: list[Unclear]
) -> list[str]:
    """Read what is done: ``list products, apply coupons``; the classes that are applied by code."""
    hidden = []
    for number, sentence in _sentences(lines):
        for phrase in (one.strip() for one in sentence.split(",")):
            verb, _, what = phrase.removeprefix("and ").partition(" ")
            if verb.lower() not in DOING:
                unclear.append(Unclear(number, phrase, "not acted on: write it in cloud/main.py"))
                continue
            words = what.removesuffix("s").removesuffix(" profile")
            name = class_in(what, [*names, "User"]) or class_in(words, [*names, *people])
            if name is None:
                reason = f"no class is called {what}: write it in cloud/main.py"
                unclear.append(Unclear(number, phrase, reason))
            elif verb.lower() == "apply":
                hidden.append(name)
    return hidden


def read_auth(lines: Lines, unclear: list[Unclear]) -> None:
    """Read the ways to sign in, and list those that need more than Parse's own users."""
    for number, sentence in _sentences(lines):
        for phrase in (one.strip() for one in re.split(r",|\band\b", sentence)):
            if phrase and phrase.lower() not in AUTH:
                known = ", ".join(dict.fromkeys(AUTH.values()))
                unclear.append(Unclear(number, phrase, f"not set up; {known} are"))
