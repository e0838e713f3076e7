"""Schema templates on a database that has data: added to, never dropped, never silent."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from parsepy.model import templates
from parsepy.operations import schemas
from parsepy.operations.schemas import SchemaConflict
from tests.conftest import Client, MakeApp

PRODUCT: dict[str, Any] = {
    "className": "Product",
    "fields": {"name": {"type": "String", "required": True}, "price": {"type": "Number"}},
    "classLevelPermissions": {"find": {"*": True}, "get": {"*": True}, "count": {"*": True}},
    "indexes": {"by_price": {"price": 1}},
}


def template(folder: Path, product: dict[str, Any]) -> str:
    file = folder / "shop.json"
    file.write_text(json.dumps({"classes": [product], "roles": [{"name": "staff"}]}))
    return str(file)


async def restarted(app: MakeApp, first: Any, file: str) -> Client:
    """A second server, with this template, on the database of the first."""
    uri = first.backend.config.database_uri
    return Client(await app(databaseURI=uri, schema=[file]), master=True)


async def test_a_start_again_changes_nothing(app: MakeApp, tmp_path: Path) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    before = (await Client(first, master=True).get("/schemas/Product")).json()
    again = await restarted(app, first, template(tmp_path, PRODUCT))
    assert (await again.get("/schemas/Product")).json() == before
    roles = (await again.get("/roles")).json()["results"]
    assert [role["name"] for role in roles] == ["staff"]


async def test_columns_and_data_that_the_template_does_not_name_stay(
    app: MakeApp, tmp_path: Path
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    body = {"name": "Mug", "price": 9.5, "colour": "red"}
    await Client(first, master=True).post("/classes/Product", json=body)
    fields = {"name": {"type": "String", "required": True}, "stock": {"type": "Number"}}
    again = await restarted(
        app, first, template(tmp_path, {**PRODUCT, "fields": fields, "indexes": {}})
    )
    shown = (await again.get("/schemas/Product")).json()["fields"]
    assert {"name", "price", "colour", "stock"} <= set(shown)
    (mug,) = (await again.get("/classes/Product")).json()["results"]
    assert (mug["price"], mug["colour"]) == (9.5, "red")


async def test_a_type_that_differs_stops_the_start_and_names_both(
    app: MakeApp, tmp_path: Path
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    wrong = {**PRODUCT, "fields": {"price": {"type": "String"}}}
    with pytest.raises(SchemaConflict, match=r"Product\.price: .*String.*Number"):
        await restarted(app, first, template(tmp_path, wrong))


async def test_permissions_set_otherwise_are_replaced_with_a_warning(
    app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    closed: dict[str, Any] = {"classLevelPermissions": {"find": {}}}
    await Client(first, master=True).put("/schemas/Product", json=closed)
    with caplog.at_level(logging.WARNING):
        again = await restarted(app, first, template(tmp_path, PRODUCT))
    assert "Product: replace the class-level permissions" in caplog.text
    shown = (await again.get("/schemas/Product")).json()["classLevelPermissions"]
    assert shown["find"] == {"*": True}


async def test_a_plan_says_what_a_start_would_change(app: MakeApp, tmp_path: Path) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    fields = {"name": {"type": "String"}, "price": {"type": "Number", "defaultValue": 1}}
    changed = {**PRODUCT, "fields": fields, "indexes": {"by_name": {"name": 1}}}
    wanted = templates.load([Path(template(tmp_path, changed))])
    assert await schemas.plan(first.backend, wanted) == [
        "Product.name: required, no default becomes optional, no default",
        "Product.price: optional, no default becomes optional, default 1",
        "Product: add index by_name",
    ]
    assert await schemas.plan(first.backend, templates.load([])) == []


async def test_a_request_shows_no_secrets_when_printed(app: MakeApp) -> None:
    backend = (await app()).backend
    assert "master-key-for-tests" not in f"{backend!r} {backend.config!r}"
