"""The real JavaScript SDK, current and 5.3.0, as a Live Query client."""

import asyncio
import os
from pathlib import Path

import pytest

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY
from tests.peer import REFERENCE
from tests.sdk.test_js_sdk import declared, tally

SCRIPT = Path(__file__).with_name("livequery.test.mjs")


@pytest.mark.node
@pytest.mark.parametrize("sdk", ["parse", "parse-5"])
async def test_the_sdk_follows_orders_live(url: str, application: Application, sdk: str) -> None:
    settings = {
        "SHOP_SERVER": "parsepy",
        "SHOP_URL": url.replace("ws", "http", 1) + "/parse",
        "SHOP_APP_ID": APP_ID,
        "SHOP_MASTER_KEY": MASTER_KEY,
        "SHOP_SDK_HOME": str(REFERENCE),
        "SHOP_SDK": sdk,
    }
    process = await asyncio.create_subprocess_exec(
        *(
            "node",
            "--test",
            "--test-force-exit",
            "--test-timeout=20000",
            "--test-reporter=tap",
            str(SCRIPT),
        ),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(90):
            output = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert tally(output).get("pass") == declared(SCRIPT), output
