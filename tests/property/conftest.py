"""A real backend for each file: hypothesis runs many examples over one fixture."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import build
from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.values import PLAIN_TYPES, FieldType
from parsepy.operations import schemas
from tests.conftest import database_in

THING = {
    **{f"a{name}": Field(kind) for name, kind in PLAIN_TYPES.items()},
    "aPointer": Field(FieldType("Pointer", "Product")),
    "aRelation": Field(FieldType("Relation", "Product")),
}
"""A class with one column of every type."""


@pytest.fixture(scope="session")
def thing() -> ClassSchema:
    """The schema of the class that has one column of every type."""
    return make_schema("Thing", THING)


@pytest.fixture(scope="module")
async def shop(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Backend]:
    """A started backend on a database of its own, with the class Thing."""
    database = f"property_{uuid4().hex[:12]}"
    options = {
        "appId": "shop",
        "masterKey": "master-key-for-tests",
        "serverURL": "http://testserver/parse",
        "databaseURI": database_in(mongo_uri, database),
        "allowClientClassCreation": True,
    }
    application = build(Config.from_options(options))
    await application.startup()
    fields = {name: column.to_json() for name, column in THING.items()}
    await schemas.create_class(application.backend, "Thing", fields)
    yield application.backend
    await application.shutdown()
    mongo.drop_database(database)
