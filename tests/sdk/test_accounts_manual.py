"""docs/accounts.md: each block about a provider runs as it stands, with the JavaScript SDK."""

import asyncio
import json
import os
import re
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import build
from parsepy.config import Config
from tests.livequery.listener import serving
from tests.peer import installed
from tests.providers.cases import APPLE, GOOGLE, REALM
from tests.providers.directory import Slapd
from tests.providers.fake import SHOP, VERIFIER, FakeProviders, redirected
from tests.providers.keys import CLIENT, authority, token

pytestmark = pytest.mark.node
MANUAL = Path(__file__).parents[2] / "docs" / "accounts.md"
SECTION = re.compile(
    r"^### ([^\n]+)\n(?:(?!^###).)*?^```json\n(.*?)^```\n+^```js\n(.*?)^```",
    re.DOTALL | re.MULTILINE,
)
SECONDS = 60


def sections() -> dict[str, tuple[str, str]]:
    """Configuration and code below each heading that has both."""
    text = MANUAL.read_text(encoding="utf-8").partition("## Sign in by a provider")[2]
    text = text.split("\n## ")[0]
    return {title: (options, code) for title, options, code in SECTION.findall(text)}


def given() -> dict[str, Any]:
    """What the blocks name."""
    return {
        "idToken": {
            "apple": token(APPLE, "1001"),
            "google": token(GOOGLE, "1001"),
            "facebook": token("https://www.facebook.com", "1001"),
            "staff": token(f"https://{SHOP}/oidc", "1001"),
        },
        "code": "code-of-ada",
        "verifier": VERIFIER,
        "accessToken": "token-of-ada",
        "keycloakToken": token(REALM, "1001", azp=CLIENT),
        "requestToken": "request-of-ada",
        "oauthVerifier": "verifier-of-ada",
        "player": authority().signed("G:1001"),
    }


async def run(url: str, block: str) -> Any:
    """What `user` is after the block, which runs in a Node of its own."""
    named = {"BLOCK": block, "GIVEN": json.dumps(given()), "SHOP_SDK_HOME": str(installed())}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(Path(__file__).with_name("manual.mjs")),
        env={**os.environ, **named, "SHOP_URL": url, "SHOP_APP_ID": "shop"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0, errors.decode()[-2000:]
    return json.loads(out)


def test_every_family_has_its_block() -> None:
    titles = [title.partition(":")[0] for title in sections()]
    assert titles == ["ID tokens", "Codes", "Access tokens", "Twitter", "Game Center", "LDAP"]


@pytest.mark.parametrize("title", sections())
async def test_a_block_of_the_manual_runs(title: str) -> None:
    installed()
    written, code = sections()[title]
    options = json.loads(written)
    with ExitStack() as stack:
        if title == "LDAP":
            if find_spec("bonsai") is None:
                pytest.skip("the extra ldap is not installed")
            options["auth"]["ldap"]["url"] = stack.enter_context(Slapd()).url
        fake = stack.enter_context(FakeProviders())
        more = {"appId": "shop", "masterKey": "master", "serverURL": "http://x/parse"}
        config = Config.from_options({**options, **more, "databaseURI": "memory:"})
        application = build(config, outgoing=redirected(fake.url))
        await application.startup()
        try:
            async with serving(application) as address:
                url = address.replace("ws://", "http://") + "/parse"
                user = await run(url, code)
        finally:
            await application.shutdown()
    assert user["id"]
    assert user["token"].startswith("r:")
    assert set(user["authData"]) <= set(options["auth"])
