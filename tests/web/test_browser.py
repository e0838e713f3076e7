"""The portal in Chromium: against our templates, a schema of another domain, and 60 classes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from tests.browser.driving import chromium, drive, pictures, web_pages
from tests.conftest import MASTER_KEY, Client, MakeApp
from tests.livequery.listener import serving

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SCHEMA = ROOT / "schema"
SKIPPED = {"templates": 0, "clinic": 6, "many": 7}
"""The tests that need the demo of our templates are left out for other apps."""


@pytest.fixture(scope="module")
def built() -> Path:
    """The islands of this checkout, built if they are missing or stale."""
    return web_pages()


def clinic(home: Path) -> dict[str, Any]:
    """The options of an app of another domain, without words of its own."""
    public = {name: {"*": True} for name in ("find", "get", "count")}
    signed = {name: {"requiresAuthentication": True} for name in ("create", "update", "delete")}
    classes = [
        {
            "className": "Doctor",
            "fields": {"name": {"type": "String", "required": True}, "rooms": {"type": "Array"}},
            "classLevelPermissions": {**public, **signed},
        },
        {
            "className": "Patient",
            "fields": {
                "name": {"type": "String", "description": "As in the passport."},
                "doctors": {"type": "Relation", "targetClass": "Doctor"},
                "home": {"type": "GeoPoint"},
            },
            "classLevelPermissions": signed,
        },
    ]
    return options(home, classes)


def many(home: Path) -> dict[str, Any]:
    """The options of an app of 60 classes."""
    fields = {f"field{number}": {"type": "String"} for number in range(8)}
    classes = [
        {
            "className": f"Class{number}",
            "fields": fields
            | {"near": {"type": "Pointer", "targetClass": f"Class{(number * 7 + 1) % 60}"}},
        }
        for number in range(60)
    ]
    return options(home, classes)


def options(home: Path, classes: list[dict[str, Any]]) -> dict[str, Any]:
    """The options of an app of these classes, whose portal is open on this machine."""
    file = home / "schema.json"
    file.write_text(json.dumps({"classes": classes}))
    return {"schema": [str(file)], "host": "127.0.0.1"}


def templates(home: Path) -> dict[str, Any]:
    """The options of the demo of our templates."""
    return {
        "demo": True,
        "schema": [str(SCHEMA / "ecommerce.json"), str(SCHEMA / "shopping.json")],
        "cloud": str(ROOT / "cloud" / "main.py"),
        "mountGraphQL": True,
        "liveQuery": {"classNames": ["Product", "Order"]},
    }


def attack(place: str) -> str:
    """A text that calls the canary if anything takes it for HTML; ``place`` says where."""
    return f"<img src=x onerror=canary('{place}')>\"><script>canary('{place}')</script>{{{{7*7}}}}"


def hostile(home: Path) -> dict[str, Any]:
    """The options of an app whose every text is an attack, with a manual that is one too."""
    classes = [
        {
            "className": "Note",
            "description": attack("class"),
            "fields": {
                "title": {
                    "type": "String",
                    "description": attack("field"),
                    "defaultValue": attack("default"),
                }
            },
            "classLevelPermissions": {
                "find": {"*": True},
                "get": {"*": True},
                "create": {f"role:{attack('role')}": True},
                "protectedFields": {"*": [], f"role:{attack('role')}": ["title"]},
            },
        }
    ]
    made = options(home, classes)
    link = "[a](javascript:canary('link')) ![b](javascript:canary('image'))"
    (home / "portal.md").write_text(
        f"# {attack('title')}\n\n{attack('lead')}\n\n## {attack('heading')}\n\n"
        f"{attack('words')} {link}\n\n## Integration flow\n\n"
        f"1. {attack('step')}: `GET /classes/Note?a={attack('path').replace(' ', '/')}`\n"
        f'2. B: `POST /classes/Note {{"title": "{attack("body")}"}}`\n\n'
        f"## FAQ\n\n### {attack('question')}\n\n{attack('faq')} {link}\n"
    )
    cloud = home / "main.py"
    cloud.write_text(
        "from parsepy import Cloud\n\n\n"
        f"@Cloud.function({attack('function')!r}, fields={{{attack('parameter')!r}: str}})\n"
        f"async def evil(request):\n    {attack('docstring')!r}\n"
        f"    return {attack('answer')!r}\n\n\n"
        f"@Cloud.before_save('Note')\nasync def hook(request):\n    {attack('hook')!r}\n"
    )
    docs = home / "docs" / "clients"
    docs.mkdir(parents=True)
    facts = "order: 1\nminutes: 1\nsdk: SDK\n"
    (docs / "hostile.md").write_text(
        f"---\ntitle: {attack('guide')}\n{facts}version: {attack('version')}\n"
        f"proven: {attack('proven')}\n---\n\n## First query\n\n{attack('guide text')} {link}\n\n"
        f"```html\n{attack('code')}\n```\n"
    )
    return made | {
        "appName": attack("app name"),
        "cloud": str(cloud),
        "mountGraphQL": True,
        "liveQuery": {"classNames": ["Note"]},
    }


KINDS = {"templates": templates, "clinic": clinic, "many": many}


async def look_at(
    application: Application, name: str, screenshots: Path, skipped: int = 0, **settings: str
) -> None:
    """Serve an application, and run a Node file against its portal."""
    async with serving(application) as address:
        own = {
            "CHROMIUM": chromium(),
            "PORTAL_URL": address.replace("ws://127.0.0.1", "http://localhost"),
            "PORTAL_KEY": MASTER_KEY,
            "SCREENSHOTS": str(screenshots),
        }
        await asyncio.to_thread(drive, FOLDER / f"{name}.test.mjs", {**own, **settings}, skipped)


@pytest.mark.node
@pytest.mark.parametrize("kind", KINDS)
async def test_the_portal_reads_and_works_in_a_browser(
    kind: str, app: MakeApp, built: Path, tmp_path: Path
) -> None:
    application = await app(**KINDS[kind](tmp_path))
    await look_at(application, "portal", pictures(tmp_path), SKIPPED[kind], KIND=kind)


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("kind", KINDS)
async def test_pictures_of_every_section(
    kind: str, app: MakeApp, built: Path, tmp_path: Path
) -> None:
    application = await app(**KINDS[kind](tmp_path))
    skipped = 0 if kind == "templates" else 2
    await look_at(application, "looks", pictures(tmp_path), skipped, KIND=kind, PICTURES="yes")


@pytest.mark.slow
@pytest.mark.node
async def test_texts_that_are_attacks_run_nothing(
    app: MakeApp, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parsepy.portal.pages.docs_folder", lambda: tmp_path / "docs")
    application = await app(**hostile(tmp_path))
    async with Client(application) as client:
        note = {"title": attack("object")}
        user = {"username": "<img src=x onerror=canary('username')>", "password": "a good password"}
        master = {"X-Parse-Master-Key": MASTER_KEY}
        params = {"params": {"text": attack("parameter of the config")}}
        for method, path, body in (
            ("POST", "/classes/Note", note),
            ("POST", "/users", user),
            ("PUT", "/config", params),
        ):
            answer = await client.request(method, path, json=body, headers=master)
            assert answer.is_success, answer.text
    await look_at(application, "hostile", tmp_path)
