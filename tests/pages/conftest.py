"""Fixtures of the page tests: shops that send mail, started once for a file."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import build
from parsepy.config import Config
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, database_in
from tests.rest.mailing import OPTIONS, Shop

Start = Callable[..., Awaitable[Shop]]


@pytest.fixture(scope="module")
async def start(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Start]:
    """Start shops that send mail, for all tests of a file."""
    keys = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": MOUNT}
    async with AsyncExitStack() as stack:

        async def make(**more: Any) -> Shop:
            # a database for each: servers on one would send each other's mails
            name = f"test_pages_{uuid4().hex[:12]}"
            stack.callback(mongo.drop_database, name)
            options = {**keys, **OPTIONS, "databaseURI": database_in(mongo_uri, name)}
            application = build(Config.from_options({**options, **more}))
            await application.startup()
            stack.push_async_callback(application.shutdown)
            return Shop(application)

        yield make


@pytest.fixture(scope="module")
async def shop(start: Start) -> Shop:
    """A shop whose users confirm their address."""
    return await start(verifyUserEmails=True)


@pytest.fixture(scope="module")
async def own(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with pages of its own, in several languages; beside their folder lies a secret."""
    folder = tmp_path_factory.mktemp("shop") / "pages"
    folder.mkdir()
    (folder.parent / "config.json").write_text("secret")
    page = "{{appName}}|{{token}}|{{greeting}}|{{season}}|{{{username}}}|{{#token}}yes{{/token}}"
    (folder / "password_reset.html").write_text(page)
    (folder / "logo.svg").write_text("<svg/>")
    (folder / "out.svg").symlink_to(folder.parent / "config.json")
    (folder / "round.svg").symlink_to("round.svg")
    for language in ("de", "de-AT"):
        (folder / language).mkdir()
        (folder / language / "password_reset.html").write_text(f"{language}|{{{{greeting}}}}")
    texts = {
        "en": {"translation": {"greeting": "Hello at {{appName}}"}},
        "de": {"translation": {"greeting": "Hallo <b>bei</b> {{appName}}"}},
    }
    (folder / "texts.json").write_text(json.dumps(texts))
    return await start(
        pages={
            "pagesPath": str(folder),
            "enableLocalization": True,
            "localizationJsonPath": str(folder / "texts.json"),
            "placeholders": {"season": "summer"},
        }
    )
