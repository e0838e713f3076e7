"""Which keys a connect message must hold: the same checks as over HTTP, and keyPairs."""

from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.conftest import APP_ID, MASTER_KEY, MakeApp
from tests.livequery.listener import Listener, serving

LIVE = {"liveQuery": {"classNames": ["Order"]}}
KEYS = {"clientKey": "c", "restAPIKey": "r", "readOnlyMasterKey": "reader"}
PAIRS = {"liveQueryServerOptions": {"keyPairs": {"javascriptKey": "j", "masterKey": "m"}}}
NOBODYS = {"liveQueryServerOptions": {"keyPairs": {"secret": "s"}}}


async def answer(app: MakeApp, options: dict[str, Any], keys: dict[str, Any]) -> tuple[str, Any]:
    """What a server of these options answers a connect with these keys: op and code."""
    application = await app(**LIVE, **options)
    async with serving(application) as url, connect(url, compression=None) as connection:
        frame = await Listener(connection).ask(op="connect", applicationId=APP_ID, **keys)
    return frame["op"], frame.get("code")


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({}, {}),
        (KEYS, {"clientKey": "c"}),
        (KEYS, {"clientKey": "wrong", "restAPIKey": "r"}),
        (KEYS, {"masterKey": MASTER_KEY}),
        ({**KEYS, **PAIRS}, {"javascriptKey": "j"}),
    ],
)
async def test_one_key_that_fits_is_enough(
    app: MakeApp, options: dict[str, Any], keys: dict[str, Any]
) -> None:
    assert await answer(app, options, keys) == ("connected", None)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (KEYS, {}),
        (KEYS, {"clientKey": "wrong"}),
        (KEYS, {"clientKey": ""}),
        (KEYS, {"masterKey": "wrong", "clientKey": "c"}),
        (KEYS, {"masterKey": "reader"}),
        ({"masterKeyIps": ["203.0.113.9"]}, {"masterKey": MASTER_KEY}),
        ({**KEYS, **PAIRS}, {"clientKey": "c"}),
        (PAIRS, {}),
        (NOBODYS, {"clientKey": "s"}),
    ],
)
async def test_a_connect_without_a_key_that_fits_is_refused(
    app: MakeApp, options: dict[str, Any], keys: dict[str, Any]
) -> None:
    assert await answer(app, options, keys) == ("error", 4)
