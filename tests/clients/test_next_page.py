"""The page of the guide for Next.js, built and served by Next.js, used in Chromium."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser.driving import chromium
from tests.clients.blocks import at, blocks, finished, tool
from tests.clients.demo import demo_serving
from tests.peer import installed
from tests.sdk.test_js_sdk import free_port

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
GUIDE = ROOT / "docs" / "clients" / "nextjs.md"
START_SECONDS = 30
LAYOUT = """export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
"""
QUIET = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}


def write_app(home: Path, url: str) -> None:
    """Write the files of the guide's app."""
    script = blocks(GUIDE, "js")
    functions = [block for block in script if block.startswith("export ")]
    assert len(functions) == 2
    app = home / "app"
    app.mkdir(parents=True)
    shop = "\n".join([script[0], *functions, "export { Parse };"])
    (app / "shop.js").write_text(at(shop, url))
    (app / "page.jsx").write_text(*blocks(GUIDE, "jsx"))
    (app / "layout.jsx").write_text(LAYOUT)


@contextmanager
def next_serving(next_js: Path, home: Path) -> Iterator[str]:
    """Serve a built app until the block ends; its address."""
    port = free_port()
    command = ["node", str(next_js), "start", "-p", str(port)]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "-H", "127.0.0.1"], cwd=home, env=QUIET, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not re.search("Ready", (home / "log").read_text()):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@pytest.mark.slow
@pytest.mark.node
def test_the_page_of_the_guide_for_next_buys_for_each_visitor(
    mongo_uri: str, tmp_path: Path
) -> None:
    browser = chromium()
    packages = installed(FOLDER / "next_app")
    home = packages / f"guide-{uuid4().hex[:8]}"  # inside, where the packages are found
    next_js = packages / "node_modules" / "next" / "dist" / "bin" / "next"
    with demo_serving(mongo_uri, tmp_path) as url:
        try:
            write_app(home, url)
            finished(tool("node"), next_js, "build", cwd=home, environment=QUIET)
            with next_serving(next_js, home) as page:
                own = {"CHROMIUM": browser, "PAGE": page}
                environment = {**QUIET, **own}
                script = FOLDER / "next_page.mjs"
                said = finished(tool("node"), script, cwd=tmp_path, environment=environment)
        finally:
            shutil.rmtree(home, ignore_errors=True)
    assert "bought by one, unseen by the other" in said
