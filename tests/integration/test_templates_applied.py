"""Schema templates on a database that has data: added to, never dropped, never silent."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
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


async def restarted(app: MakeApp, first: Any, file: str, **options: Any) -> Client:
    """A second server, with this template, on the database of the first."""
    uri = first.backend.config.database_uri
    return Client(await app(databaseURI=uri, schema=[file], **options), master=True)


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


OPENED = {"find": {"*": True}, "get": {"*": True}, "create": {"*": True}}


async def row(application: Application, name: str) -> dict[str, Any]:
    """What `_SCHEMA` says of a class beside its columns."""
    rows = await application.backend.storage.schemas.read()
    found: dict[str, Any] = next(row for row in rows if row["_id"] == name)["_metadata"]
    return found


async def test_permissions_that_somebody_else_has_set_stop_the_start_and_are_shown(
    app: MakeApp, tmp_path: Path
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    await Client(first, master=True).put("/schemas/Product", json={"classLevelPermissions": OPENED})
    with pytest.raises(schemas.SchemaConflict) as refused:
        await restarted(app, first, template(tmp_path, PRODUCT))
    [line] = refused.value.lines
    assert '"find":{"*":true}' in line
    assert '"create":{"*":true}' in line
    assert "--replace-permissions" in line
    shown = (await row(first, "Product"))["class_permissions"]
    assert shown["create"] == {"*": True}


async def test_with_the_flag_they_are_replaced_logged_and_kept(
    app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    await Client(first, master=True).put("/schemas/Product", json={"classLevelPermissions": OPENED})
    before = (await row(first, "Product"))["class_permissions"]
    with caplog.at_level(logging.WARNING):
        again = await restarted(app, first, template(tmp_path, PRODUCT), replacePermissions=True)
    assert "Product: replace the class-level permissions {" in caplog.text
    assert '"create":{"*":true}' in caplog.text
    shown = (await again.get("/schemas/Product")).json()["classLevelPermissions"]
    assert shown.get("create", {}) == {}
    [kept] = (await row(first, "Product"))["replaced_permissions"]
    assert kept["permissions"] == before


async def test_a_template_may_change_the_permissions_that_it_gave_itself(
    app: MakeApp, tmp_path: Path
) -> None:
    first = await app(schema=[template(tmp_path, PRODUCT)])
    changed = {**PRODUCT, "classLevelPermissions": OPENED}
    again = await restarted(app, first, template(tmp_path, changed))
    shown = (await again.get("/schemas/Product")).json()["classLevelPermissions"]
    assert shown["create"] == {"*": True}


async def test_an_open_class_that_holds_objects_is_not_closed_by_the_way(
    app: MakeApp, tmp_path: Path
) -> None:
    first = await app()
    client = Client(first)
    await client.post("/classes/Product", json={"name": "Mug"})
    with pytest.raises(schemas.SchemaConflict, match=r"Product: .* none: it is open to everybody"):
        await restarted(app, first, template(tmp_path, PRODUCT))
    assert len((await client.get("/classes/Product")).json()["results"]) == 1


async def test_a_changed_index_does_not_stop_the_start_and_says_how_to_go_on(
    app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await app(schema=[template(tmp_path, {**PRODUCT, "indexes": {"i": {"name": 1}}})])
    changed = {**PRODUCT, "indexes": {"i": {"name": -1}}}
    with caplog.at_level(logging.WARNING):
        again = await restarted(app, first, template(tmp_path, changed))
    assert "Product: keep the index i as it is" in caplog.text
    assert (await again.get("/schemas/Product")).json()["indexes"]["i"] == {"name": 1}
    advice = caplog.text.partition("PUT /schemas/Product ")[2].partition(" and start")[0]
    assert (await again.put("/schemas/Product", json=json.loads(advice))).status_code == 200
    once_more = await restarted(app, first, template(tmp_path, changed))
    assert (await once_more.get("/schemas/Product")).json()["indexes"]["i"] == {"name": -1}


async def test_a_changed_index_of_defined_schemas_does_not_stop_the_start_either(
    app: MakeApp,
) -> None:
    """D: `schema.definitions` of another day."""
    defined = {**PRODUCT, "indexes": {"i": {"name": 1}}}
    first = await app(schema={"definitions": [defined]})
    uri = first.backend.config.database_uri
    changed = {**PRODUCT, "indexes": {"i": {"price": 1}}}
    again = await app(databaseURI=uri, schema={"definitions": [changed]})
    found = (await Client(again, master=True).get("/schemas/Product")).json()
    assert found["indexes"]["i"] == {"name": 1}


async def test_c7_and_d_a_servers_own_schemas_load_again(app: MakeApp, tmp_path: Path) -> None:
    first = await app()
    master = Client(first, master=True)
    for name in ("Session", "Role", "Installation"):
        to_itself = {"type": "Pointer", "targetClass": name}
        fields = {"parent": to_itself, "name": {"type": "String"}, "user": {"type": "String"}}
        body = {"className": name, "fields": fields, "indexes": {"names": {"name": 1}}}
        assert (await master.post(f"/schemas/{name}", json=body)).status_code == 200
        made = await master.post(f"/classes/{name}", json={"name": "a", "user": "b"})
        assert made.status_code == 201
    gone = {"type": "Pointer", "targetClass": "Gone"}
    await master.post("/schemas/Gone", json={"className": "Gone"})
    await master.put("/schemas/Role", json={"fields": {"by": gone}})
    await master.delete("/schemas/Gone")
    shown = (await master.get("/schemas")).json()
    file = tmp_path / "schemas.json"
    file.write_text(json.dumps(shown))

    again = await restarted(app, first, str(file))
    shown_again = (await again.get("/schemas")).json()["results"]
    for before, after in zip(shown["results"], shown_again, strict=True):
        # every start lists the index of ids as well
        assert {**after, "indexes": {}} == {**before, "indexes": {}}
    fresh = Client(await app(schema=[str(file)]), master=True)
    made_anew = {
        entry["className"]: entry for entry in (await fresh.get("/schemas")).json()["results"]
    }
    for entry in shown["results"]:
        assert made_anew[entry["className"]]["fields"] == entry["fields"]
    single = tmp_path / "one.json"
    single.write_text(json.dumps((await master.get("/schemas/Role")).json()))
    one = Client(await app(schema=[str(single)]), master=True)
    assert (await one.get("/schemas/Role")).json()["fields"]["by"] == gone


AGED: dict[str, Any] = {
    "className": "Post",
    "fields": {"meta": {"type": "Object"}, "by": {"type": "Pointer", "targetClass": "Writer"}},
    "classLevelPermissions": {
        "find": {"a-b|c": True, "pointerFields": ["gone"]},
        "get": {"*": True},
        "create": {"*": True},
        "protectedFields": {"*": ["old"]},
    },
    "indexes": {"city": {"meta.city": 1}, "rights": {"_rperm": 1}, "users": {"_p_user": 1}},
}


async def test_d_an_aged_schema_is_applied_and_served(app: MakeApp, tmp_path: Path) -> None:
    first = await app(schema=[template(tmp_path, AGED)])
    master = Client(first, master=True)
    shown = (await master.get("/schemas/Post")).json()
    assert {**shown["indexes"], **AGED["indexes"]} == shown["indexes"]
    assert shown["classLevelPermissions"]["protectedFields"] == {"*": ["old"]}
    made = await Client(first).post("/classes/Post", json={"meta": {"city": "Bern"}})
    assert made.status_code == 201
    got = await Client(first).get(f"/classes/Post/{made.json()['objectId']}")
    assert got.json()["meta"] == {"city": "Bern"}
    assert await schemas.plan(first.backend, templates.load([tmp_path / "shop.json"])) == []


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
