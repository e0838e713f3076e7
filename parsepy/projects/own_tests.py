"""`cloud/tests/test_app.py` of a new project: who may do what, and what the hooks refuse."""

import re
from collections.abc import Mapping, Sequence

from parsepy.projects.shapes import ProjectClass, ProjectField

_HEAD = '''"""Who may do what in this app, and what its rules refuse."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parsepy import {imports}
from parsepy.testing import App, Client, MakeApp, UserClient

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def app(parse_app: MakeApp) -> App:
    """This app, with nothing in it."""
    return await parse_app(cloud=ROOT / "cloud" / "main.py", schema=[ROOT / "schema"])


async def user(app: App, name: str, *roles: str) -> UserClient:
    """A user with all that one must have."""
    return await app.user(name, roles=roles{user_fields})
'''
_MAKES = "(app: App, client: Client, **fields: Any) -> dict[str, Any]:"
_VALUES = {
    "Number": "1",
    "Boolean": "True",
    "Date": "datetime(2030, 1, 1, tzinfo=UTC)",
    "Object": '{"a": 1}',
    "Array": '["a"]',
    "File": '{"__type": "File", "name": "a.txt"}',
    "GeoPoint": "GeoPoint(1, 2)",
    "Polygon": "Polygon([(0, 0), (0, 1), (1, 1), (0, 0)])",
    "Bytes": 'b"a"',
}


def test_py(classes: Sequence[ProjectClass]) -> str:
    """The text of the file."""
    own = {one.name: one for one in classes if one.name not in ("User", "Role", "Session")}
    can = {name: one for name, one in own.items() if not _leads_to_itself(name, own, ())}
    text = "".join(_maker(one, own) + _tests(one) for one in can.values())
    users = next((one for one in classes if one.name == "User"), None)
    fields = "" if users is None else _user_fields(users)
    whole = text + fields
    names = ["GeoPoint", "ParseError", "Pointer", "Polygon"]
    imports = ", ".join(name for name in names if f"{name}(" in whole or name == "ParseError")
    head = _HEAD.format(imports=imports, user_fields=fields)
    if "datetime(" not in whole:
        head = head.replace("from datetime import UTC, datetime\n", "")
    if "Any" not in text:
        head = head.replace("from typing import Any\n", "")
    if "Client" not in text:
        head = head.replace("App, Client, MakeApp", "App, MakeApp")
    return head + text


def reads_test_py(classes: Sequence[ProjectClass]) -> str:
    """The text of a file that only looks at who may read: for an app that brings its rules."""
    own = [one for one in classes if one.name not in ("User", "Role", "Session")]
    public = [one.name for one in own if one.granted("count")[0]]
    closed = [
        one.name
        for one in own
        # by pointers, whoever asks is answered: with what points to them
        if not one.granted("count")[0] and "pointerFields" not in one.permissions["count"]
    ]
    return _READS.format(public=_listed(public), closed=_listed(closed))


def _listed(names: Sequence[str]) -> str:
    """A list of texts, a line for each."""
    return "[\n" + "".join(f'    "{name}",\n' for name in names) + "]" if names else "[]"


_READS = '''"""Who may read what in this app."""

from pathlib import Path

import pytest
from parsepy import ParseError
from parsepy.testing import App, MakeApp

ROOT = Path(__file__).parents[2]
PUBLIC = {public}
CLOSED = {closed}


@pytest.fixture
async def app(parse_app: MakeApp) -> App:
    """This app, with nothing in it."""
    return await parse_app(cloud=ROOT / "cloud" / "main.py", schema=[ROOT / "schema"])


async def test_anybody_may_read_what_is_public(app: App) -> None:
    for name in PUBLIC:
        assert await app.anonymous.count(name) == 0


async def test_nobody_reads_what_is_closed_without_signing_in(app: App) -> None:
    for name in CLOSED:
        with pytest.raises(ParseError):
            await app.anonymous.count(name)
'''


def _user_fields(users: ProjectClass) -> str:
    wanted = [
        field for field in users.required if field.name not in ("username", "password", "email")
    ]
    named = "".join(f", {field.name}={_plain(field)}" for field in wanted)
    has_mail = any(field.name == "email" for field in users.required)
    return (', email=f"{name}@mail.example"' if has_mail else "") + named


def _leads_to_itself(name: str, classes: Mapping[str, ProjectClass], seen: tuple[str, ...]) -> bool:
    """Must such an object point to others that in the end point to it?"""
    if name in seen:
        return True
    one = classes.get(name)
    targets = [] if one is None else [f.target or f.holds for f in one.required]
    return any(t and _leads_to_itself(t, classes, (*seen, name)) for t in targets)


def _plain(field: ProjectField) -> str:
    if field.type == "String":
        return '"ann@mail.example"' if "mail" in field.name.lower() else f'"a {field.name}"'
    return _VALUES.get(field.type, "None")


def _value(field: ProjectField, classes: Mapping[str, ProjectClass]) -> str:
    """The expression of a value that such a field takes."""
    if field.type == "Pointer":
        return _pointer(field.target or "", classes)
    if field.holds is not None:
        return f"[{_pointer(field.holds, classes)}]"
    return _plain(field)


def _pointer(target: str, classes: Mapping[str, ProjectClass]) -> str:
    one = classes.get(target)
    if one is None:  # one of Parse's own
        maker = '(await user(app, "another")).id' if target == "User" else '"none"'
        return f'Pointer("_{target}", {maker})'
    client = "client" if one.is_private else "app.master"
    return f'Pointer("{target}", (await make_{one.snake}(app, {client}))["objectId"])'


def _maker(one: ProjectClass, classes: Mapping[str, ProjectClass]) -> str:
    owner = one.owner
    wanted = [
        field
        for field in one.required
        # the hook sets it, to who asks
        if not (field is owner and field.target == "User" and one.is_private)
    ]
    lines = [f'        "{field.name}": {_value(field, classes)},' for field in wanted]
    if owner is not None and owner.target == "User" and one.is_private:
        lines.append(f'        "{owner.name}": Pointer("_User", getattr(client, "id", "none")),')
    if not lines:
        lines = [f"        # fields of {one.name}"]
    return "\n".join(
        [
            "",
            "",
            f"async def make_{one.snake}{_MAKES}",
            f'    """Store a {one.words} with all that one must have, as this client."""',
            "    values: dict[str, Any] = {",
            *lines,
            "        **fields,",
            "    }",
            f'    return await client.create("{one.name}", values)',
            "",
        ]
    )


def _tests(one: ProjectClass) -> str:
    everyone, signed_in, role = one.granted("create")
    roles = "" if everyone or signed_in or role is None else f', "{role}"'
    maker = "app.anonymous" if everyone else "ann" if signed_in or roles else "app.master"
    made = f"await make_{one.snake}(app, {maker})"
    body = _reads(one, maker)
    if not everyone:
        body += _refused(f"await make_{one.snake}(app, app.anonymous)")
        if roles:
            body += _refused(f"await make_{one.snake}(app, bob)")
    for operation, more in (("update", ", {}"), ("delete", "")):
        anyone, users, _ = one.granted(operation)
        if one.is_private or not (anyone or users):
            call = f'await bob.{operation}("{one.name}", made["objectId"]{more})'
            body += _refused(call)
    if one.is_private and maker == "ann":
        body.append(f'    await ann.delete("{one.name}", made["objectId"])')
    body.insert(0, f"    made = {made}" if 'made["' in "\n".join(body) else f"    {made}")
    used = "\n".join(body)
    users_of = {"ann": f'await user(app, "ann"{roles})', "bob": 'await user(app, "bob")'}
    calls = {name: call for name, call in users_of.items() if re.search(rf"\b{name}\b", used)}
    if calls:
        body.insert(0, f"    {', '.join(calls)} = {', '.join(calls.values())}")
    head = f"async def test_who_may_use_{one.snake}(app: App) -> None:"
    return "\n".join(["", "", head, *body, ""]) + _blank(one) + _apply(one)


def _refused(call: str) -> list[str]:
    return ["    with pytest.raises(ParseError):", f"        {call}"]


def _reads(one: ProjectClass, maker: str) -> list[str]:
    everyone, signed_in, _ = one.granted("count")
    if one.is_private:
        if maker != "ann" or not (everyone or signed_in):
            return []
        return [
            f'    assert await ann.count("{one.name}") == 1',
            f'    assert await bob.count("{one.name}") == 0',
        ]
    if everyone:
        return [f'    assert await app.anonymous.count("{one.name}") == 1']
    refused = _refused(f'await app.anonymous.count("{one.name}")')
    return refused if signed_in else [*refused, *_refused(f'await bob.count("{one.name}")')]


def _blank(one: ProjectClass) -> str:
    if not one.texts:
        return ""
    key = one.texts[0].name
    return "\n".join(
        [
            "",
            "",
            f"async def test_{one.snake}_has_a_{key.lower()}(app: App) -> None:",
            '    ann = await user(app, "ann", "admin")',
            f'    with pytest.raises(ParseError, match="{key} must not be blank"):',
            f'        await make_{one.snake}(app, ann, {key}=" ")',
            "",
        ]
    )


def _apply(one: ProjectClass) -> str:
    if not one.is_hidden or not one.texts:
        return ""
    code = one.texts[0].name
    return "\n".join(
        [
            "",
            "",
            f"async def test_{one.snake}_is_applied_by_its_{code.lower()}(app: App) -> None:",
            '    ann = await user(app, "ann")',
            f'    await make_{one.snake}(app, app.master, {code}="SPRING")',
            f'    answer = await ann.call("apply{one.name}", {{"{code}": "SPRING"}})',
            f'    assert answer["{code}"] == "SPRING"',
            '    with pytest.raises(ParseError, match="not valid"):',
            f'        await ann.call("apply{one.name}", {{"{code}": "AUTUMN"}})',
            "",
        ]
    )
