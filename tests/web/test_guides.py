"""The guides for clients: their facts, their code, and that the tests' own run as they stand."""

import re
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from parsepy.portal.words import Guide, app_words, guide_of, guides_in, localized, to_html
from tests.conftest import database_in
from tests.sdk.test_js_sdk import APP_ID, SCHEMA, parsepy_serving
from tests.sdk.test_js_sdk import FOLDER as NODE_PACKAGES

GUIDES = Path(__file__).parents[2] / "docs" / "clients"
NAMES = sorted(file.stem for file in GUIDES.glob("*.md") if file.name != "README.md")
FRONT = "---\ntitle: X\norder: 1\nminutes: 2\nsdk: SDK\nversion: 1\nproven: wire replay\n---\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_has_its_facts_and_a_first_query(name: str) -> None:
    guide = guide_of(name, (GUIDES / f"{name}.md").read_text(encoding="utf-8"))
    assert guide.first_query
    assert 1 <= guide.minutes <= 30
    assert "<" not in re.sub(r"```.*?```|`[^`]*`", "", guide.text, flags=re.DOTALL)


def test_every_guide_is_read_in_its_order() -> None:
    found = guides_in(GUIDES)
    assert sorted(guide.name for guide in found) == NAMES
    assert [guide.order for guide in found] == sorted(guide.order for guide in found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# No facts", "it does not begin with facts"),
        (FRONT.replace("title: X\n", ""), "title is missing"),
        (FRONT.replace("order", "oder: 1\norder"), "oder is no fact"),
        (FRONT.replace("sdk: SDK", "sdk: typed"), "sdk is one of"),
        (FRONT.replace("minutes: 2", "minutes: soon"), "invalid literal"),
    ],
)
def test_facts_that_are_missing_or_wrong_are_named(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        guide_of("x", text)
    (tmp_path / "x.md").write_text(text)
    assert guides_in(tmp_path) == ()


def test_a_guide_without_a_first_query_shows_no_code() -> None:
    guide = guide_of("x", FRONT + "\n## Install\n\n```sh\nnpm\n```\n")
    assert guide == Guide("x", "X", 1, 2, "SDK", "1", "wire replay", guide.text)
    assert guide.first_query == ""


def test_addresses_and_ids_become_this_servers() -> None:
    text = "http://localhost:1337/parse http://localhost:1337/graphql ws://localhost:1337/parse"
    assert localized(f'{text} "parsepy"', "https://api.example.com/v1", "own") == (
        'https://api.example.com/v1 https://api.example.com/graphql wss://api.example.com/v1 "own"'
    )


def test_the_apps_own_words_are_split_at_their_headings() -> None:
    words = app_words("# Clinic\n\nFor doctors.\n\n## Takeaways\n\n* one\n\n## Flow\n\n1. two\n")
    assert (words.title, words.lead) == ("Clinic", "For doctors.")
    assert words.sections == {"Takeaways": "* one", "Flow": "1. two"}
    assert app_words("").sections == {}


def test_markdown_carries_no_tags_and_no_scripts() -> None:
    made = to_html("# A <b>\n\n<script>x</script> [a](javascript:x) `<i>`", level=2)
    assert "<script>" not in made
    assert "href" not in made
    assert made.startswith("<h3>A &lt;b&gt;</h3>")


ROW = re.compile(r"^\| (?P<names>[^|]+) \| (?P<how>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
FILE = re.compile(r"`([\w/]+\.py)`")


def test_the_readmes_table_has_every_guide_with_the_tests_that_prove_it() -> None:
    root = GUIDES.parents[1]
    table = (root / "README.md").read_text(encoding="utf-8").partition("| technology |")[2]
    rows = [row for row in ROW.finditer(table.partition("\n\n")[0]) if FILE.search(row["tests"])]
    by_title = {guide.title: guide for guide in guides_in(GUIDES)}
    assert sorted(name for row in rows for name in row["names"].split(", ")) == sorted(by_title)
    for row in rows:
        tests = FILE.findall(row["tests"])
        said = "".join((root / test).read_text(encoding="utf-8") for test in tests)
        for name in row["names"].split(", "):
            guide = by_title[name]
            assert guide.name in said, name
            if row["how"].startswith("wire replay"):
                assert guide.proven.startswith("wire replay"), name
                assert tests[0] in guide.proven, name


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a guide in a language."""
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
@pytest.mark.node
def test_the_guides_for_rest_graphql_and_javascript_run_as_they_stand(
    mongo_uri: str, tmp_path: Path
) -> None:
    uri = database_in(mongo_uri, f"test_{uuid4().hex[:16]}")
    templates = [SCHEMA / "ecommerce.json", SCHEMA / "shopping.json"]
    live = '{"classNames": ["Product"]}'
    with parsepy_serving(
        uri, templates, tmp_path, demo="true", mountGraphQL="true", liveQuery=live
    ) as shop:
        described = httpx.get(shop.url.replace("/parse", "/openapi.json"), timeout=30)
        assert described.is_success  # the demo's portal is open
        own = shop.url

        def run(*words: str, cwd: Path = tmp_path) -> str:
            done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        for name in ("rest", "graphql"):
            for block in blocks(name, "sh"):
                if "curl" in block:
                    said = run(
                        "sh", "-ec", localized(block.replace("curl", "curl -sS"), own, APP_ID)
                    )
                    assert "error" not in said, said
        script = NODE_PACKAGES.parent / "reference" / f"guide-{uuid4().hex[:8]}.mjs"
        script.write_text(localized("\n".join(blocks("javascript", "js")), own, APP_ID))
        try:
            assert "undefined" not in run("node", str(script))
        finally:
            script.unlink()
