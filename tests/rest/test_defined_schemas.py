"""Parse Server's option `schema.definitions` gives the permissions that it gives there."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import template_of
from parsepy.cloud.loader import CloudError
from parsepy.config import Config
from parsepy.errors import Code
from parsepy.operations import schemas
from parsepy.operations.schemas import SchemaConflict
from tests.conftest import Client, MakeApp, database_in
from tests.rest.shop import ok, refused, unique

OPEN = {name: {"*": True} for name in ("find", "get", "count", "create", "update", "delete")}


def defined(**more: Any) -> dict[str, Any]:
    """The option, with one class of one text unless it says more."""
    return {"definitions": [{"className": "Mug", "fields": {"size": {"type": "String"}}, **more}]}


async def test_no_client_adds_columns_to_a_defined_class(app: MakeApp) -> None:
    permissions = {**OPEN, "addField": {"*": True}}
    client = Client(await app(schema=defined(classLevelPermissions=permissions)))
    ok(await client.post("/classes/Mug", json={"size": "L"}), 201)
    answer = await client.post("/classes/Mug", json={"colour": "blue"})
    refused(answer, Code.OPERATION_FORBIDDEN)


async def test_a_definition_without_permissions_is_closed_and_told(
    app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "parsepy"):
        application = await app(schema=defined())
    assert "schema.definitions: Mug has no classLevelPermissions" in caplog.text
    body = {"size": "L"}
    refused(await Client(application).post("/classes/Mug", json=body), Code.OPERATION_FORBIDDEN)
    ok(await Client(application, master=True).post("/classes/Mug", json=body), 201)


async def test_cloud_code_that_fails_leaves_the_database_as_it_was(
    app: MakeApp, tmp_path: Path, mongo: Any
) -> None:
    (tmp_path / "main.py").write_text("1 / 0\n")
    before = set(mongo.list_database_names())
    with pytest.raises(CloudError, match="ZeroDivisionError"):
        await app(cloud=str(tmp_path / "main.py"), schema=defined(classLevelPermissions=OPEN))
    assert set(mongo.list_database_names()) <= before


# --- what the database has beyond the definitions -----------------------------------------------


@pytest.fixture
async def before(app: MakeApp, mongo_uri: str) -> str:
    """A database with a mug that is more than what will be defined, and a class that is not."""
    uri = database_in(mongo_uri, unique("test_"))
    fields = {
        name: {"type": kind}
        for name, kind in {"size": "Number", "old": "String", "kept": "String"}.items()
    }
    relation = {"type": "Relation", "targetClass": "_User"}
    master = Client(await app(databaseURI=uri), master=True)
    ok(await master.post("/schemas/Mug", json={"fields": {**fields, "fans": relation}}))
    ok(await master.post("/schemas/Shelf", json={"fields": {"old": {"type": "String"}}}))
    ok(await master.post("/classes/Mug", json={"size": 3, "old": "o", "kept": "k"}), 201)
    ok(await master.post("/classes/Shelf", json={"old": "o"}), 201)
    return uri


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("schema: ")]


def with_options(**options: bool) -> dict[str, Any]:
    fields = {"size": {"type": "Number"}, "kept": {"type": "String"}}
    return {**defined(classLevelPermissions=OPEN, fields=fields), **options}


async def test_strict_warns_of_what_is_not_defined_and_drops_nothing(
    app: MakeApp, before: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "parsepy"):
        application = await app(databaseURI=before, schema=with_options(strict=True))
    told = [line for line in lines_of(caplog) if "not defined" in line]
    assert told == [
        "schema: Mug.old: the column is not defined",
        "schema: Mug.fans: the column is not defined",
        "schema: Shelf: the class is not defined",
    ]
    master = Client(application, master=True)
    (mug,) = ok(await master.get("/classes/Mug"))["results"]
    assert (mug["size"], mug["old"], mug["kept"]) == (3, "o", "k")


async def test_extra_columns_go_only_where_the_option_says_so(
    app: MakeApp, before: str, mongo: Any, caplog: pytest.LogCaptureFixture
) -> None:
    untouched = Client(await app(databaseURI=before, schema=with_options()), master=True)
    assert "old" in ok(await untouched.get("/schemas/Mug"))["fields"]
    caplog.clear()
    with caplog.at_level(logging.WARNING, "parsepy"):
        application = await app(databaseURI=before, schema=with_options(deleteExtraFields=True))
    assert "schema: Mug.old: delete the column with all its values" in lines_of(caplog)
    master = Client(application, master=True)
    assert set(ok(await master.get("/schemas/Mug"))["fields"]) == {
        *("objectId", "createdAt", "updatedAt", "ACL", "size", "kept")
    }
    (mug,) = ok(await master.get("/classes/Mug"))["results"]
    assert (mug["size"], mug["kept"]) == (3, "k")
    assert "old" not in mug
    (shelf,) = ok(await master.get("/classes/Shelf"))["results"]
    assert shelf["old"] == "o"  # of classes that are not defined nothing goes


async def test_a_column_of_another_type_is_made_again_only_where_the_option_says_so(
    app: MakeApp, before: str
) -> None:
    wanted = defined(classLevelPermissions=OPEN)  # size is a text there
    with pytest.raises(SchemaConflict, match=r"Mug\.size: the template says String"):
        await app(databaseURI=before, schema=wanted)
    application = await app(databaseURI=before, schema={**wanted, "recreateModifiedFields": True})
    master = Client(application, master=True)
    fields = ok(await master.get("/schemas/Mug"))["fields"]
    assert fields["size"]["type"] == "String"
    assert "old" in fields
    (mug,) = ok(await master.get("/classes/Mug"))["results"]
    assert "size" not in mug
    assert mug["kept"] == "k"
    ok(await master.post("/classes/Mug", json={"size": "L"}), 201)


async def test_an_index_that_somebody_else_made_stays(
    app: MakeApp, before: str, mongo: Any
) -> None:
    name = before.rpartition("/")[2].partition("?")[0]
    mongo[name]["Mug"].create_index("kept", name="by_hand")
    options = with_options(deleteExtraFields=True, recreateModifiedFields=True, strict=True)
    await app(databaseURI=before, schema=options)
    assert "by_hand" in mongo[name]["Mug"].index_information()


async def test_a_plan_tells_what_would_go(app: MakeApp, before: str) -> None:
    application = await app(databaseURI=before, schema=with_options())
    options = Config.from_options(
        {"masterKey": "k", "schema": with_options(deleteExtraFields=True)}
    )
    assert options.schema is not None
    config = dataclasses.replace(application.backend.config, schema=options.schema)
    backend = dataclasses.replace(application.backend, config=config)
    assert await schemas.plan(backend, template_of(options.schema)) == [
        "Mug.old: delete the column with all its values",
        "Mug.fans: delete the column with all its values",
    ]
