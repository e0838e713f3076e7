"""A stored second factor is not told to listeners, not even to its own user."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.app import Application
from tests.conftest import MASTER_KEY, Client, MakeApp, database_in
from tests.livequery.listener import KEY_PAIRS, listening, serving
from tests.rest.shop import ok, sign_up, unique

SECRETS = {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "recovery": ["first", "second"]}


@pytest.fixture
def name() -> str:
    """The name of the database."""
    return unique("test_live_")


@pytest.fixture
async def application(app: MakeApp, mongo_uri: str, name: str) -> Application:
    """A server whose users can be followed."""
    return await app(
        databaseURI=database_in(mongo_uri, name),
        liveQuery={"classNames": ["_User"]},
        liveQueryServerOptions=KEY_PAIRS,
    )


@pytest.fixture
async def url(application: Application) -> AsyncIterator[str]:
    """Where it listens for websockets."""
    async with serving(application) as address:
        yield address


async def test_a_user_hears_that_it_is_on_and_the_master_key_hears_all(
    url: str, client: Client, mongo: MongoClient[dict[str, Any]], name: str
) -> None:
    try:
        anna = await sign_up(client)
        enrolled = {"$set": {"_auth_data_mfa": SECRETS}}
        mongo[name]["_User"].update_one({"_id": anna.id}, enrolled)
        async with (
            listening(url, sessionToken=anna.token) as hers,
            listening(url, masterKey=MASTER_KEY) as shops,
        ):
            await hers.subscribe("_User")
            await shops.subscribe("_User")
            ok(await anna.client.put(f"/users/{anna.id}", json={"address": "Bern"}))
            seen, told = await hers.frame(), await shops.frame()
        assert seen["op"] == told["op"] == "update"
        for state in ("object", "original"):
            assert seen[state]["authData"] == {"mfa": {"status": "enabled"}}
            assert told[state]["authData"] == {"mfa": SECRETS}
    finally:
        mongo.drop_database(name)


HIDING = """
class adapter:
    async def validate_auth_data(self, auth_data, options, request):
        pass

    async def after_find(self, auth_data, options, request):
        return {"id": auth_data["id"]}
"""


async def test_what_a_provider_would_hide_is_not_told(
    app: MakeApp, mongo_uri: str, mongo: MongoClient[dict[str, Any]], name: str, tmp_path: Path
) -> None:
    (tmp_path / "hiding.py").write_text(HIDING)
    application = await app(
        databaseURI=database_in(mongo_uri, name),
        liveQuery={"classNames": ["_User"]},
        liveQueryServerOptions=KEY_PAIRS,
        auth={"hiding": {"module": str(tmp_path / "hiding.py")}},
    )
    secret = {"hiding": {"id": unique("h"), "token": "secret"}, "anonymous": {"id": unique("a")}}
    try:
        async with serving(application) as url, Client(application) as client:
            anna = await sign_up(client)
            ok(await anna.client.put(f"/users/{anna.id}", json={"authData": secret}))
            async with (
                listening(url, sessionToken=anna.token) as hers,
                listening(url, masterKey=MASTER_KEY) as shops,
            ):
                await hers.subscribe("_User")
                await shops.subscribe("_User")
                ok(await anna.client.put(f"/users/{anna.id}", json={"address": "Bern"}))
                seen, told = await hers.frame(), await shops.frame()
            for state in ("object", "original"):
                assert seen[state]["authData"] == {"anonymous": secret["anonymous"]}
                assert told[state]["authData"] == secret
    finally:
        mongo.drop_database(name)
