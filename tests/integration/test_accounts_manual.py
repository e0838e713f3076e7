"""The blocks about mail in docs/accounts.md run as they are printed."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.config import Config
from parsepy.mail.templates import TEMPLATES, MailTemplates
from parsepy.operations.mails import worker
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp, database_in
from tests.mailbox import token_in
from tests.peer import REFERENCE
from tests.receiver import Receiver, replying
from tests.rest.mailing import OPTIONS, Shop
from tests.rest.shop import eventually, ok, unique
from tests.sdk.test_js_sdk import free_port, wait_until_healthy

PAGE = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text(encoding="utf-8")


def blocks(language: str, holding: str = "") -> list[str]:
    """The blocks of a language that hold a text."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language and holding in block]


def test_its_configuration_is_one() -> None:
    (block,) = blocks("json", "publicServerURL")
    config = Config.from_options({"appId": "a", "masterKey": "b", **json.loads(block)})
    assert config.email_adapter is not None
    assert config.email_adapter.module == "smtp"


@pytest.mark.parametrize(
    "options",
    [
        *re.findall(r"`(\{\"mail\": \{.*?\}\})`", PAGE),
        '{"emailChange": "confirm"}',
    ],
)
def test_each_option_in_the_text_is_one(options: str) -> None:
    config = {"appId": "a", "masterKey": "b", **OPTIONS, **json.loads(options)}
    assert Config.from_options(config).ineffective == ()


def test_its_tables_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
    told = {
        name: (set(re.findall(r"\w+", must)), set(re.findall(r"\w+", may)))
        for name, must, may in rows
    }
    assert told == {name: (set(must), set(may)) for name, (must, may) in TEMPLATES.items()}


def test_its_figures_are_those_of_the_code() -> None:
    assert "after 2 seconds, 4, 8" in PAGE
    assert worker.RETRY_AFTER == 2
    assert "at most every half hour, for a day" in PAGE
    assert worker.LONGEST_WAIT == 1800
    assert Config.from_options({"appId": "a", "masterKey": "b"}).mail.cooldown == 60


def test_its_template_is_one(tmp_path: Path) -> None:
    (block,) = blocks("", "Subject:")
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "password_reset.txt").write_text(block)
    values = {"appName": "Shop", "link": "https://shop.test/x", "user.firstName": "Ann"}
    mail = MailTemplates(tmp_path).write("password_reset", ["nl"], values)
    assert mail.subject == "Een nieuw wachtwoord voor Shop"
    assert "Hallo Ann,\n" in mail.text
    assert '<a href="https://shop.test/x"' in mail.html
    assert ">Nieuw wachtwoord kiezen</a>" in mail.html


async def test_its_mailer_mails(app: MakeApp, tmp_path: Path) -> None:
    (block,) = blocks("python", "MailRefused")
    file = tmp_path / "mailer.py"
    file.write_text(block)
    with Receiver() as receiver:
        for status in (200, 422):
            url = receiver.url + replying({}, status=status, name=f"mail{status}")
            adapter = {"module": str(file), "options": {"url": url}}
            application = await app(**{**OPTIONS, "emailAdapter": adapter})
            client, address = Client(application), f"{unique('ann')}@shop.test"
            body = {"username": address, "password": "a good password", "email": address}
            ok(await client.post("/users", json=body), 201)
            ok(await client.post("/requestPasswordReset", json={"email": address}))
            figures = application.backend.mail_figures

            async def is_over(figures: Any = figures) -> bool:
                return bool(figures.sent or figures.given_up)

            await eventually(is_over)
            assert (figures.sent, figures.given_up) == ((1, 0) if status == 200 else (0, 1))
            (sent,) = receiver.sent_to(f"mail{status}")
            assert sent["to"] == address
            assert "<html" in sent["html"]


async def test_its_page_and_its_rule_are_asked(app: MakeApp, tmp_path: Path) -> None:
    (city,), (verify,) = blocks("python", "def city"), blocks("python", "def verify")
    (tmp_path / "rules.py").write_text(f"{city}\n\n{verify}")
    (tmp_path / "city.html").write_text("{{city}} {{language}}")
    named = re.search(r'`(\{"method": .*?\})`', PAGE)
    assert named is not None
    route = json.loads(named[1]) | {"handler": f"{tmp_path / 'rules.py'}:city"}
    pages = {"pagesPath": str(tmp_path), "customRoutes": [route]}
    shop = Shop(
        await app(**OPTIONS, pages=pages, verifyUserEmails=f"{tmp_path / 'rules.py'}:verify")
    )
    shown = await shop.client.get(f"/apps/{APP_ID}/cities/gent", params={"locale": "nl"})
    assert shown.text == "Gent nl"
    assert (await shop.client.get(f"/apps/{APP_ID}/cities/x")).status_code == 404
    inside = f"{unique('ann')}@example.com"
    await shop.sign_up()
    await shop.sign_up(email=inside)
    await shop.token(inside)
    assert [mail.to for mail in shop.mailbox.sent] == [inside]


@contextmanager
def serving(uri: str, home: Path, options: dict[str, Any]) -> Iterator[str]:
    """Run a server in a process of its own; its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/parse"
    keys = {"appId": APP_ID, "masterKey": MASTER_KEY, "databaseURI": uri, "publicServerURL": url}
    (home / "config.json").write_text(json.dumps({**options, **keys}))
    program = str(Path(sys.executable).with_name("parsepy"))
    command = [program, "serve", "--config", "config.json", "--port", str(port)]
    with (home / "log").open("w") as output:
        process = subprocess.Popen(command, cwd=home, stdout=output, stderr=output)
    try:
        wait_until_healthy(url, process, home / "log")
        yield url
    finally:
        process.kill()
        process.wait()


FRAME = """
import {{ createRequire }} from "node:module";
const Parse = createRequire({home})("parse/node");
Parse.initialize({app});
Parse.serverURL = {url};
Parse.User.enableUnsafeCurrentUser();
{block}
"""
SIGN_UP = """
const before = await Parse.User.signUp("ann", "a good password", { email: "ann@example.com" });
await before.fetch();
"""


async def run_in_node(home: Path, url: str, block: str) -> str:
    """Run a block with the JavaScript SDK; what it prints."""
    names = {"home": f"{REFERENCE}/", "app": APP_ID, "url": url}
    quoted = {key: json.dumps(value) for key, value in names.items()}
    (home / "block.mjs").write_text(FRAME.format(block=block, **quoted))
    run = partial(subprocess.run, cwd=home, capture_output=True, text=True, timeout=60)
    ran = await asyncio.to_thread(run, ["node", "block.mjs"])
    assert ran.returncode == 0, ran.stderr
    return str(ran.stdout)


@pytest.mark.node
async def test_its_change_of_an_address_waits_in_the_sdk(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    (block,) = blocks("js", "ann@new.example.com")
    name = f"test_manual_{uuid4().hex[:12]}"
    options = {"appName": "Shop", "emailAdapter": {"module": "console"}, "emailChange": "confirm"}
    with serving(database_in(mongo_uri, name), tmp_path, options) as url:
        shown = await run_in_node(tmp_path, url, SIGN_UP + block)
        assert shown == "ann@example.com\n"

        async def is_mailed() -> bool:
            return "verify_email?token=" in (tmp_path / "log").read_text()

        await eventually(is_mailed)
        log = (tmp_path / "log").read_text()
        async with httpx.AsyncClient() as client:
            link = f"{url}/apps/{APP_ID}/verify_email"
            opened = await client.get(link, params={"token": token_in(log)})
            assert "is confirmed" in opened.text
            headers = {"X-Parse-Application-Id": APP_ID}
            query = {"username": "ann", "password": "a good password"}
            me = (await client.get(f"{url}/login", params=query, headers=headers)).json()
    mongo.drop_database(name)
    assert me["email"] == "ann@new.example.com"


@pytest.mark.node
async def test_its_codes_log_in_by_the_sdk(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    (block,) = blocks("js", "emailOtp")
    name = f"test_manual_{uuid4().hex[:12]}"
    options = {"appName": "Shop", "emailAdapter": {"module": "console"}, "auth": {"emailOtp": {}}}
    with serving(database_in(mongo_uri, name), tmp_path, options) as url:
        await run_in_node(tmp_path, url, SIGN_UP)
        update = {"$set": {"emailVerified": True}}
        await asyncio.to_thread(mongo[name]["_User"].update_one, {}, update)
        asking = f'{block}\nconsole.log(JSON.stringify(await askForCode("ann@example.com")));'
        told = json.loads(await run_in_node(tmp_path, url, asking))
        assert told["challengeData"] == {"emailOtp": True}
        found = None

        async def is_mailed() -> bool:
            nonlocal found
            log = (tmp_path / "log").read_text()
            found = re.search(r"^\d{6}$", log, re.MULTILINE)
            return found is not None

        await eventually(is_mailed)
        assert found is not None
        entering = (
            f'{block}\nconsole.log((await logIn("ann@example.com", "{found[0]}")).get("username"));'
        )
        assert await run_in_node(tmp_path, url, entering) == "ann\n"
    mongo.drop_database(name)
