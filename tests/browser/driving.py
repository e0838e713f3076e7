"""What tests that drive a browser share: the browser, the built web pages, a Node file's run."""

import asyncio
import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from parsepy.sites import WebBuild
from tests.peer import installed, unavailable
from tests.sdk.test_js_sdk import declared, tally

FOLDER = Path(__file__).parent
WEB = FOLDER.parents[1] / "web"
RUN_SECONDS = 240
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium() -> str:
    """Where the browser is, whose packages are there; CHROMIUM names another than those on PATH.

    Without a browser, Node.js or npm the test is skipped; in CI it fails.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        unavailable("there is no Chromium on PATH to open pages in (.ci/browser)")
    installed(FOLDER)
    return found


@functools.cache
def _built() -> WebBuild:
    build = WebBuild(WEB)
    asyncio.run(build.run())
    return build


def web_pages() -> Path:
    """The folder of the built pages of `web/`: made once for all worker processes, where stale."""
    chromium()  # without one nobody opens them
    build = _built()
    if build.failure is not None:
        unavailable(f"the web pages can't be built: {build.failure}")
    return build.output


def pictures(home: Path) -> Path:
    """Where screenshots go: to PARSEPY_TEST_SCREENSHOTS, which keeps them, or to ``home``."""
    return Path(os.environ.get("PARSEPY_TEST_SCREENSHOTS") or home)


def drive(script: Path, settings: Mapping[str, str], skipped: int = 0) -> str:
    """Run a Node file; fail with what it says unless all its tests but ``skipped`` pass.

    Answers its TAP output. ``settings`` come on top of this process's environment; CHROMIUM is one
    where the file opens pages.
    """
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(script)],
        cwd=script.parent,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
    )
    if done.returncode != 0:
        place = settings.get("SCREENSHOTS", "none")
        pytest.fail(f"{done.stdout}\nScreenshots: {place}", pytrace=False)
    counts = tally(done.stdout)
    assert declared(script) > 0, "a file without tests shows nothing"
    assert counts["pass"] >= declared(script) - skipped, done.stdout
    assert counts["skipped"] == skipped, done.stdout
    assert counts["todo"] == 0, done.stdout
    return done.stdout
