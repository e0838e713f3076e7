"""Fixtures of the REST tests: one shop's server for all of them, and others on its database."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from parsepy.app import Application, build
from parsepy.auth import mfa
from parsepy.config import Config
from parsepy.operations.class_rules import user
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp, database_in
from tests.rest import shop
from tests.rest.enrolment import Clock, OpenWithMFA, Telephone
from tests.rest.shop import MAINTENANCE_KEY, READ_ONLY_KEY, SignUp


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as carefully as the server does."""
    monkeypatch.setattr(user, "_COST", 10)


@pytest.fixture(scope="session")
def shop_uri(mongo_uri: str) -> str:
    """The connection string of the database that the REST tests share."""
    return database_in(mongo_uri, f"test_rest_{uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def database(shop_uri: str, mongo: MongoClient[dict[str, Any]]) -> Database[dict[str, Any]]:
    """That database, for a look behind the API."""
    return mongo[shop_uri.rpartition("/")[2].partition("?")[0]]


@pytest.fixture(scope="session")
async def application(
    shop_uri: str, database: Database[dict[str, Any]]
) -> AsyncIterator[Application]:
    """The shop's server: started once, since every test uses classes and names of its own."""
    options = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "readOnlyMasterKey": READ_ONLY_KEY,
        "maintenanceKey": MAINTENANCE_KEY,
        "serverURL": MOUNT,
        "databaseURI": shop_uri,
        "allowClientClassCreation": True,
    }
    application = build(Config.from_options(options))
    await application.startup()
    yield application
    await application.shutdown()
    database.client.drop_database(database.name)


@pytest.fixture
def server(app: MakeApp, application: Application, shop_uri: str) -> MakeApp:
    """Start more servers with options of their own, on the shop's database."""

    async def make(**options: Any) -> Application:
        return await app(**{"databaseURI": shop_uri, **options})

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that goes on when the test says so, for codes of authenticator apps."""
    made = Clock()
    monkeypatch.setattr(mfa, "time", SimpleNamespace(time=made.time))
    return made


@pytest.fixture
def telephone(tmp_path: Path, database: Database[dict[str, Any]]) -> Telephone:
    """A function of an operator who sends messages."""
    return Telephone(tmp_path, database)


@pytest.fixture
def opened(server: MakeApp, telephone: Telephone) -> OpenWithMFA:
    """Start servers with a second factor."""

    async def make(
        *methods: str, lockout: int = 0, graphql: bool = False, **options: Any
    ) -> Client:
        configured: dict[str, Any] = {"options": list(methods or ("TOTP",)), **options}
        if "SMS" in methods:
            configured["sendSMS"] = f"{telephone.module}:send"
        more = {"accountLockout": {"threshold": lockout, "duration": 5}} if lockout else {}
        return Client(await server(auth={"mfa": configured}, mountGraphQL=graphql, **more))

    return make


@pytest.fixture
def sign_up(client: Client) -> SignUp:
    """Sign up shoppers at the shop's server."""

    async def make(**fields: Any) -> shop.Shopper:
        return await shop.sign_up(client, **fields)

    return make


@pytest.fixture
def orders() -> str:
    """The name of a class that no other test uses."""
    return shop.unique("Order")
