"""The portal in Chromium: against our templates, a schema of another domain, and 60 classes."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from parsepy.sites import WebBuild
from tests.conftest import MASTER_KEY, MakeApp
from tests.dashboard.test_dashboard import FOLDER as PACKAGES
from tests.dashboard.test_dashboard import chromium
from tests.livequery.listener import serving
from tests.peer import installed, unavailable
from tests.sdk.test_js_sdk import declared, tally

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SCHEMA = ROOT / "schema"
SECONDS = 600
SKIPPED = {"templates": 0, "clinic": 3, "many": 4}
"""The tests that need the demo of our templates are left out for other apps."""


@pytest.fixture(scope="module")
def built() -> Path:
    """The islands of this checkout, built if they are missing or stale."""
    installed(PACKAGES)
    build = WebBuild(ROOT / "web")
    asyncio.run(build.run())
    if build.failure is not None:
        unavailable(f"the web pages can't be built: {build.failure}")
    return build.output


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


KINDS = {"templates": templates, "clinic": clinic, "many": many}


def drive(url: str, kind: str, screenshots: Path) -> None:
    """Run the Node file against a portal, and fail with what it says unless all passes."""
    script = FOLDER / "portal.test.mjs"
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(script)],
        env={
            **os.environ,
            "CHROMIUM": chromium(),
            "PORTAL_URL": url,
            "PORTAL_KEY": MASTER_KEY,
            "BROWSER_PACKAGES": str(PACKAGES),
            "SCREENSHOTS": str(screenshots),
            "KIND": kind,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        pytest.fail(f"{done.stdout}\nScreenshots: {screenshots}", pytrace=False)
    counts = tally(done.stdout)
    assert counts["skipped"] == SKIPPED[kind], done.stdout
    assert counts["pass"] >= declared(script) - SKIPPED[kind] >= 5, done.stdout


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("kind", KINDS)
async def test_the_portal_reads_and_works_in_a_browser(
    kind: str, app: MakeApp, built: Path, tmp_path: Path
) -> None:
    # PARSEPY_TEST_SCREENSHOTS names a folder that keeps the pictures
    pictures = Path(os.environ.get("PARSEPY_TEST_SCREENSHOTS") or tmp_path)
    application = await app(**KINDS[kind](tmp_path))
    async with serving(application) as address:
        url = address.replace("ws://127.0.0.1", "http://localhost")
        await asyncio.to_thread(drive, url, kind, pictures)
