"""Parse Server's option `schema.definitions` gives the permissions that it gives there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from parsepy.cloud.loader import CloudError
from parsepy.errors import Code
from tests.conftest import Client, MakeApp
from tests.rest.shop import ok, refused

OPEN = {name: {"*": True} for name in ("find", "get", "count", "create", "update", "delete")}


def defined(**more: Any) -> dict[str, Any]:
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
