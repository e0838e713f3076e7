"""The JavaScript SDK signs in by second factors and passkeys, as docs/accounts.md shows it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.browser.driving import chromium, drive
from tests.conftest import database_in
from tests.peer import REFERENCE, installed
from tests.sdk.test_js_sdk import (
    APP_ID,
    MASTER_KEY,
    environment,
    free_port,
    wait_until_healthy,
)

pytestmark = pytest.mark.node
FOLDER = Path(__file__).parent
MANUAL = FOLDER.parents[1] / "docs" / "accounts.md"
STOP_SECONDS = 20


def block(heading: str) -> str:
    """The JavaScript below a heading of the manual."""
    text = MANUAL.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    (found,) = re.findall(r"```js\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def settings(
    mongo_uri: str, mongo: MongoClient[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What the Node files read, while `parsepy serve` runs on a database of its own."""
    installed(REFERENCE)
    home = tmp_path_factory.mktemp("sign-in")
    port, page_port, name = free_port(), free_port(), f"sign_in_{uuid4().hex[:12]}"
    url = f"http://localhost:{port}/parse"
    config = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": url,
        "host": "127.0.0.1",
        "port": port,
        "databaseURI": database_in(mongo_uri, name),
        "auth": {
            "badge": {"module": str(FOLDER / "badge.py")},
            "mfa": {"options": ["TOTP"]},
            "passkey": {"rpId": "localhost", "origins": [f"http://localhost:{page_port}"]},
        },
    }
    (home / "config.json").write_text(json.dumps(config))
    mfa, passkey = home / "mfa.mjs", home / "passkeys.mjs"
    library = REFERENCE / "node_modules" / "otpauth" / "dist" / "otpauth.node.mjs"
    mfa.write_text(block("A second factor").replace('"otpauth"', json.dumps(str(library))))
    passkey.write_text(block("Passkeys"))
    log = home / "parsepy.log"
    command = [str(Path(sys.executable).with_name("parsepy")), "serve", "--config", "config.json"]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=home, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(url, process, log)
        yield environment(
            "parsepy",
            url,
            SHOP_SDK="parse",
            MFA_BLOCK=str(mfa),
            PASSKEY_BLOCK=str(passkey),
            PAGE_PORT=str(page_port),
        )
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        mongo.drop_database(name)


def test_the_sdk_signs_in_with_a_second_factor(settings: dict[str, str]) -> None:
    drive(FOLDER / "factors.test.mjs", settings)


@pytest.mark.slow
def test_a_page_in_chromium_signs_in_by_passkeys(settings: dict[str, str]) -> None:
    drive(FOLDER / "passkeys.test.mjs", {**settings, "CHROMIUM": chromium()})
