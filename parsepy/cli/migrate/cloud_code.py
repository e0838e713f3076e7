"""What of JavaScript cloud code is to be written in Python, found by its calls; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parsepy.cli.migrate.findings import Section

_CALL = re.compile(
    r"Parse\.Cloud\.(?P<kind>before\w+|after\w+|define|job)\s*\(\s*"
    r"(?:(?P<quote>[\"'`])(?P<name>[^\"'`]+)(?P=quote)|Parse\.(?P<builtin>\w+))?"
)
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_FUNCTIONS = {"define": "function", "job": "job"}
_BARE = ("beforeLogin", "afterLogin", "afterLogout", "beforePasswordResetRequest", "beforeConnect")
_REGISTERED = re.compile(
    r"Cloud\.(?P<kind>\w+)\s*\(?\s*(?:(?P<quote>[\"'])(?P<name>[^\"']+)(?P=quote)|(?P<own>\w+))?"
)
_BUILT_IN = {"User": "_User", "Role": "_Role", "Session": "_Session"} | {
    "Installation": "_Installation"
}
_USES: dict[str, tuple[str, str]] = {
    "useMasterKey": (r"useMasterKey\s*:\s*true", "use_master_key=True; `with Cloud.as_master():`"),
    "Parse.Cloud.useMasterKey()": (r"Parse\.Cloud\.useMasterKey\(", "with Cloud.as_master():"),
    "Parse.Cloud.httpRequest": (
        r"Parse\.Cloud\.httpRequest\(",
        "no counterpart, as in Parse Server since 5: an HTTP client of Python's, such as httpx",
    ),
    "Parse.Cloud.sendEmail": (
        r"Parse\.Cloud\.sendEmail\(",
        "no counterpart: a mail library; account mails go by emailAdapter (docs/accounts.md)",
    ),
    "Parse.Cloud.run": (r"Parse\.Cloud\.run\(", 'await Cloud.run("name", {…})'),
    "Parse.Cloud.startJob": (r"Parse\.Cloud\.startJob\(", 'await Cloud.start_job("name")'),
    "Parse.Push.send": (r"Parse\.Push\.send\(", "await Push.send(…) (docs/push.md)"),
    "Parse.Config.save": (r"Parse\.Config\.save\(", "await Config.save({…}, {…})"),
    "Parse.Schema": (r"new Parse\.Schema\(", 'Cloud.define_schema("Class", {…})'),
    "requestPasswordReset": (
        r"\.requestPasswordReset\(",
        "await User.request_password_reset(email)",
    ),
    "requestEmailVerification": (
        r"\.requestEmailVerification\(",
        "await User.request_email_verification(email)",
    ),
    "setACL": (r"\.setACL\(", "order.set_acl(acl)"),
    "saveAll": (r"\.saveAll\(", "await Object.save_all([…])"),
    "a web framework": (
        r"require\(['\"](?:express|koa|fastify)['\"]\)",
        "routes of your own stay in a server of your own, before or beside this one",
    ),
}
"""What cloud code calls: its pattern, and how it is written here (docs/cloud-code.md)."""


def examined(folder: Path, cloud: Any) -> tuple[Section, frozenset[str]]:
    """Look at the option ``cloud``; return what is to be written, and the jobs that there are.

    Where it names Python already, the JavaScript beside it is what was there before.
    """
    section = Section("Cloud code")
    if not cloud:
        return section, frozenset()
    file = folder / str(cloud)
    if not file.exists():
        section.to_do.append(f"not looked at: there is no file {file}; name a copy that is here")
        return section, frozenset()
    home = file if file.is_dir() else file.parent
    scripts = _without_comments(_text_of(home, "*.js", "*.cjs", "*.mjs", "*.ts"))
    python = _text_of(home, "*.py")
    there = set(_registered(python))
    for theirs, ours in python_of(scripts):
        if ours.partition(":")[0] in there:
            section.fine.append(f"{theirs}  is written: {ours}")
        else:
            section.to_do.append(f"{theirs}  ->  {ours}")
    used = list(_used(scripts)) if section.to_do else []
    section.differs += [f"it uses {name} ({count} times)  ->  {ours}" for name, count, ours in used]
    jobs = {name for kind, name in _names(scripts) if kind == "job"}
    jobs |= {line.split('"')[1] for line in there if line.startswith('@Cloud.job("')}
    return section, frozenset(jobs)


def _text_of(folder: Path, *patterns: str) -> str:
    files = {one for pattern in patterns for one in folder.rglob(pattern)}
    return "\n".join(
        one.read_text(encoding="utf-8", errors="replace")
        for one in sorted(files)
        if "node_modules" not in one.parts
    )


def _without_comments(source: str) -> str:
    return _COMMENT.sub("", source)


def python_of(source: str) -> Iterator[tuple[str, str]]:
    """Find the triggers, functions and jobs of JavaScript; yield each with its Python line."""
    for found in _CALL.finditer(_without_comments(source)):
        kind, name, builtin = found["kind"], found["name"], found["builtin"]
        snake = _FUNCTIONS.get(kind) or re.sub(r"([A-Z])", lambda it: f"_{it[1].lower()}", kind)
        target = f'"{name}"' if name else builtin
        theirs = f"{kind}({target or ''})"
        if kind in _BARE:
            yield theirs, f"@Cloud.{snake}"
        elif target is not None:
            yield theirs, f"@Cloud.{snake}({target})"
        else:
            yield theirs, f"@Cloud.{snake}(...): the name is computed; write it"


def _names(source: str) -> Iterator[tuple[str, str]]:
    for found in _CALL.finditer(source):
        if found["name"]:
            yield found["kind"], found["name"]


def _registered(source: str) -> Iterator[str]:
    """The lines, as ``python_of`` writes them, of what Python cloud code registers."""
    for found in _REGISTERED.finditer(source):
        kind, name, own = found["kind"], found["name"], found["own"]
        yield f"@Cloud.{kind}"
        if name:
            yield f'@Cloud.{kind}("{name}")'
            yield from (
                f"@Cloud.{kind}({short})" for short, full in _BUILT_IN.items() if full == name
            )
        elif own:
            yield f"@Cloud.{kind}({own})"


def _used(source: str) -> Iterator[tuple[str, int, str]]:
    for name, (pattern, ours) in _USES.items():
        count = len(re.findall(pattern, source))
        if count:
            yield name, count, ours
