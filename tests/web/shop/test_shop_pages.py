"""The shop and its back office in a browser, on a served parsepy: shoppers, staff, both at once."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.browser.driving import WEB, chromium, drive, pictures, web_pages
from tests.conftest import database_in
from tests.sdk.test_js_sdk import SCHEMA, TEMPLATES, environment, parsepy_serving
from tests.web.shop.stripe import stripe

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
PAGES = WEB / "shop"
FILES = {
    "looks": "both",
    "shoppers": "both",
    "staff": "both",
    "live": "both",
    "paying": "both",
    "safety": "both",
    "late": "both",
    "ecommerce": "ecommerce",
    "shopping": "shopping",
}
"""File of tests → the templates that are served for it; looks first, before ugly names come in."""
QUICK = ("looks", "shoppers", "staff", "live", "late")
"""What `make test` runs too: all pages, both whole ways, and browsers live against each other."""


@contextmanager
def serving(folder: Path, templates: str, mongo_uri: str, home: Path) -> Iterator[dict[str, str]]:
    """Serve the built pages with an application of these templates; what the Node files read.

    Both templates together have a payment gateway; alone, there is none.
    """
    database = f"web_{uuid4().hex[:16]}"
    paths = [SCHEMA / name for name in TEMPLATES[templates]]
    cloud = ROOT / "cloud" / "main.py"
    site = {"path": "/shop", "folder": str(folder), "fallback": "index.html"}
    sites = json.dumps([{**site, "configuration": "config.json"}])
    with ExitStack() as stack:
        gateway = stack.enter_context(stripe())
        settings = gateway.settings() if templates == "both" else {}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in gateway.settings():
            patch.delenv(name, raising=False)
        for name, value in settings.items():
            patch.setenv(name, value)
        uri = database_in(mongo_uri, database)
        shop = stack.enter_context(parsepy_serving(uri, paths, home, cloud, sites=sites))
        gateway.webhook = f"{shop.url}/webhooks/stripe"
        yield environment(
            "parsepy",
            shop.url,
            SHOP_PAGES=shop.url.removesuffix("/parse"),
            SHOP_DIST=str(folder),
            STRIPE=gateway.url,
            CHROMIUM=chromium(),
        )
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(database)


@pytest.fixture(scope="module")
def open_shop(
    mongo_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, str]]]:
    """Serve these templates, until others are asked for."""
    pages = web_pages() / "shop"
    with ExitStack() as stack:
        running: dict[str, dict[str, str]] = {}

        def open_with(templates: str) -> dict[str, str]:
            if templates not in running:
                stack.close()
                running.clear()
                home = tmp_path_factory.mktemp(templates)
                running[templates] = stack.enter_context(serving(pages, templates, mongo_uri, home))
            return running[templates]

        yield open_with


def run(settings: dict[str, str], file: str, home: Path, **more: str) -> None:
    """Run a Node file of this folder against a shop."""
    screenshots = str(pictures(home))
    print(drive(FOLDER / f"{file}.test.mjs", {**settings, "SCREENSHOTS": screenshots, **more}))


@pytest.mark.node
@pytest.mark.parametrize(
    "file",
    [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in FILES],
)
def test_the_pages_do_all_that_their_file_says(
    open_shop: Callable[[str], dict[str, str]], file: str, tmp_path: Path
) -> None:
    run(open_shop(FILES[file]), file, tmp_path)


@pytest.mark.slow
@pytest.mark.node
def test_pictures_of_every_page(mongo_uri: str, tmp_path: Path) -> None:
    """On a shop of its own: the catalogue shows no names that other tests have made up."""
    with serving(web_pages() / "shop", "both", mongo_uri, tmp_path) as settings:
        run(settings, "looks", tmp_path, PICTURES="yes")


def test_the_demos_pictures_come_with_the_pages() -> None:
    """No request leaves the machine: not for a picture either, and none is missing."""
    products = json.loads((SCHEMA / "demo" / "demo.json").read_text())["objects"]["Product"]
    missing = [
        address
        for address in (product["imageUrl"] for product in products)
        if not (PAGES / "public" / address.removeprefix("/shop/")).is_file()
    ]
    assert products
    assert missing == []


def test_the_pages_look_like_the_portal_whose_colours_and_sizes_they_have() -> None:
    """There is one file of tokens, and a style that names another one names none."""
    tokens = (ROOT / "parsepy" / "portal" / "static" / "tokens.css").read_text()
    known = set(re.findall(r"(--[\w-]+):", tokens))
    used = {
        name
        for file in (PAGES / "src").rglob("*")
        if file.suffix in (".css", ".tsx")
        for name in re.findall(r"""var\((--[\w-]+)\)|color: "(--[\w-]+)\"""", file.read_text())
        for name in name
        if name
    }
    assert {"--accent", "--space-3"} < used <= known


def test_every_file_is_run() -> None:
    names = {re.sub(r"\.test\.mjs$", "", path.name) for path in FOLDER.glob("*.test.mjs")}
    assert names == set(FILES)
