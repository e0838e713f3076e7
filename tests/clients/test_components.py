"""The components of the guides, built with Vite and followed in Chromium.

Angular's are compiled in the browser, by its own compiler.
"""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser.driving import chromium
from tests.clients.blocks import at, blocks, finished, tool
from tests.clients.demo import demo_serving
from tests.peer import installed
from tests.sdk.test_js_sdk import APP_ID, MASTER_KEY

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
GUIDES = ROOT / "docs" / "clients"
PAGE = """<link rel="icon" href="data:,">
<div id="root"></div>
<script type="module" src="main.{suffix}"></script>
"""


DECORATORS = '{"compilerOptions": {"experimentalDecorators": true}}'


@dataclass(frozen=True)
class Framework:
    """What a guide leaves to its reader: imports, the call that shows the component, a plugin."""

    suffix: str
    imports: str
    show: str
    vite: str


FRAMEWORKS = {
    "react": Framework(
        "jsx",
        """import { useEffect, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
""",
        'createRoot(document.getElementById("root")).render(<Products />);',
        """import react from "@vitejs/plugin-react";
export default { define: { global: "globalThis" }, plugins: [react()], base: "./" };
""",
    ),
    "angular": Framework(
        "ts",
        """import "@angular/compiler";
import { Component, DestroyRef, Injectable, inject, signal } from "@angular/core";
import { provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
""",
        """document.body.append(document.createElement("app-products"));
bootstrapApplication(ProductList, { providers: [provideZonelessChangeDetection()] });
""",
        'export default { define: { global: "globalThis" }, base: "./" };',
    ),
    "vue": Framework(
        "ts",
        'import { createApp, h, onMounted, onUnmounted, shallowRef } from "vue";',
        """const Products = {
  setup() {
    const items = useQuery(new Parse.Query("Product"));
    return () => h("ul", items.value.map((item) => h("li", item.get("name"))));
  },
};
createApp(Products).mount("#root");
""",
        'export default { define: { global: "globalThis" }, base: "./" };',
    ),
}


def source_of(name: str) -> str:
    """The whole script: the guide's connection, its store if it has one, its component."""
    guide, framework = GUIDES / f"{name}.md", FRAMEWORKS[name]
    script = blocks(guide, "js")
    store = [block for block in script if block.startswith("export function")]
    component = blocks(guide, framework.suffix)
    assert component
    return "\n".join([framework.imports, script[0], *store, *component, framework.show])


@contextmanager
def files_of(folder: Path) -> Iterator[str]:
    """Serve a folder; the address of its index."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_component_of_a_guide_shows_and_follows(
    mongo_uri: str, tmp_path: Path, name: str
) -> None:
    browser = chromium()
    packages = installed(FOLDER / "frameworks")
    framework = FRAMEWORKS[name]
    source = packages / f"guide-{uuid4().hex[:8]}"  # inside, where the packages are found
    built = tmp_path / "built"
    with demo_serving(mongo_uri, tmp_path) as url:
        try:
            source.mkdir()
            (source / "index.html").write_text(PAGE.format(suffix=framework.suffix))
            (source / "tsconfig.json").write_text(DECORATORS)
            (source / "vite.config.mjs").write_text(framework.vite)
            (source / f"main.{framework.suffix}").write_text(at(source_of(name), url))
            vite = packages / "node_modules" / ".bin" / "vite"
            finished(vite, "build", source, "--outDir", built, "--emptyOutDir", cwd=source)
        finally:
            shutil.rmtree(source, ignore_errors=True)
        with files_of(built) as page:
            own = {"CHROMIUM": browser, "PAGE": page, "URL_OF_API": url, "APP_ID": APP_ID}
            own |= {"MASTER_KEY": MASTER_KEY}
            script = FOLDER / "component.mjs"
            environment = {**os.environ, **own}
            said = finished(tool("node"), script, cwd=tmp_path, environment=environment)
    assert "changed and added live" in said
