"""The playground: GraphiQL from packages of the operator, or a page that says what to install."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from parsepy.graphql.playground import COMMAND, find_assets, package_folders
from tests.browser.driving import chromium
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.graphql.test_clients import FOLDER, output_of
from tests.livequery.listener import serving
from tests.peer import installed
from tests.rest.shop import ok
from tests.sdk.test_js_sdk import declared, tally

PAGE = "http://testserver/playground"


def packages(home: Path) -> Path:
    """A folder with packages that have what the page needs."""
    for name in (
        "react/umd/react.production.min.js",
        "react-dom/umd/react-dom.production.min.js",
        "graphiql/graphiql.min.js",
        "graphiql/graphiql.min.css",
    ):
        file = home / "node_modules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"/* {name} */")
    return home


async def client_of(app: MakeApp, home: Path, **more: Any) -> Client:
    options = {"mountGraphQL": True, "mountPlayground": True, "dataDir": str(home), **more}
    return Client(await app(**options))


async def test_without_packages_the_page_says_what_to_install(app: MakeApp, tmp_path: Path) -> None:
    async with await client_of(app, tmp_path) as client:
        page = await client.get(PAGE)
        assert page.status_code == 200
        assert COMMAND in page.text
        assert (await client.get(f"{PAGE}/graphiql.js")).status_code == 404
        # installed meanwhile
        packages(tmp_path)
        assert "graphiql.css" in (await client.get(PAGE)).text


async def test_the_page_and_its_files_are_served_under_a_strict_policy(
    app: MakeApp, tmp_path: Path
) -> None:
    async with await client_of(app, packages(tmp_path)) as client:
        page = await client.get(PAGE)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert APP_ID in page.text
        assert MASTER_KEY not in page.text
        for name in ("react.js", "react-dom.js", "graphiql.js", "graphiql.css", "playground.js"):
            file = await client.get(f"{PAGE}/{name}")
            assert file.status_code == 200
            assert file.headers["x-content-type-options"] == "nosniff"
            again = await client.get(
                f"{PAGE}/{name}", headers={"If-None-Match": file.headers["etag"]}
            )
            assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["..", "../web/playground.js", "%2e%2e/door.py", "x", "no_assets.html"]
)
async def test_nothing_else_is_served(name: str, app: MakeApp, tmp_path: Path) -> None:
    async with await client_of(app, packages(tmp_path)) as client:
        scope_path = f"{PAGE}/{name}"
        assert (await client.get(scope_path)).status_code in (401, 403, 404)
        assert (await client.post(PAGE)).status_code == 405


async def test_the_path_is_the_options(app: MakeApp, tmp_path: Path) -> None:
    home = packages(tmp_path)
    async with await client_of(app, home, playgroundPath="/try/it", graphQLPath="/api") as client:
        page = await client.get("http://testserver/try/it/")
        assert 'src="/try/it/playground.js"' in page.text
        assert 'data-graphql="/api"' in page.text
        assert (await client.get(PAGE)).status_code in (401, 403, 404)


async def test_values_are_escaped(app: MakeApp, tmp_path: Path) -> None:
    async with await client_of(app, packages(tmp_path), appId='"><script>') as client:
        assert "<script>" not in (await client.get(PAGE)).text.replace("<script src", "")


async def test_a_page_without_graphql_says_so(app: MakeApp, tmp_path: Path) -> None:
    async with await client_of(app, packages(tmp_path), mountGraphQL=False) as client:
        assert "mountGraphQL" in (await client.get(PAGE)).text


async def test_by_default_there_is_none(app: MakeApp) -> None:
    async with Client(await app(mountGraphQL=True)) as client:
        assert (await client.get(PAGE)).status_code in (401, 403, 404)


def test_packages_are_found_in_a_folder_and_above_it(tmp_path: Path) -> None:
    packages(tmp_path)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert package_folders((inner,))[0] == tmp_path / "node_modules"
    assert set(find_assets(package_folders((inner,)))) == {
        "react.js",
        "react-dom.js",
        "graphiql.js",
        "graphiql.css",
    }
    shutil.rmtree(tmp_path / "node_modules" / "react")
    assert "react.js" not in find_assets([tmp_path / "node_modules"])


def test_the_manual_says_what_to_install() -> None:
    manual = Path(__file__).parents[2] / "docs" / "graphql.md"
    assert COMMAND in manual.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.node
async def test_the_playground_works_in_a_browser(app: MakeApp, tmp_path: Path) -> None:
    """With the real packages: a query, a subscription, the schema, under the page's policy."""
    installed(FOLDER)
    application = await app(
        mountGraphQL=True,
        mountPlayground=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["Note"]},
        dataDir=str(FOLDER),
    )
    async with Client(application, master=True) as master, serving(application) as url:
        fields = {"title": {"type": "String"}}
        ok(await master.post("/schemas/Note", json={"fields": fields}))
        origin = url.replace("ws", "http", 1)
        script = Path(__file__).parent / "playground.test.mjs"
        output = await output_of(
            script,
            CHROMIUM=chromium(),
            GRAPHQL_URL=f"{origin}/graphql",
            PLAYGROUND_URL=f"{origin}/playground",
            GRAPHQL_APP_ID=APP_ID,
            GRAPHQL_MASTER_KEY=MASTER_KEY,
            SCREENSHOTS=str(tmp_path),
        )
    assert tally(output)["pass"] == declared(script), output
