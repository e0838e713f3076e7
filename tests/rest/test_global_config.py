"""The global config: parameters for every client, secret ones for the master key."""

from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.errors import Code, ParseError
from parsepy.triggers import CONFIG, ConfigEvent, Event, expect
from tests.conftest import Client, MakeApp
from tests.rest.shop import READ_ONLY_KEY, item_of_batch, ok, refused

SALE = {"__type": "Date", "iso": "2026-11-27T00:00:00.000Z"}


@pytest.fixture
async def application(server: MakeApp, database: Database[dict[str, Any]]) -> Application:
    """A server of the shop, whose one config was never set."""
    database["_GlobalConfig"].drop()
    return await server(readOnlyMasterKey=READ_ONLY_KEY)


async def put(master: Client, params: Any, **flags: bool) -> None:
    body = {"params": params, "masterKeyOnly": flags}
    assert ok(await master.put("/config", json=body)) == {"result": True}


async def params(client: Client) -> Any:
    return ok(await client.get("/config"))["params"]


async def test_before_anything_was_set_there_are_no_parameters(client: Client) -> None:
    assert ok(await client.get("/config")) == {"params": {}}


async def test_every_client_reads_what_the_master_key_set(master: Client, client: Client) -> None:
    await put(master, {"greeting": "hello", "limits": {"items": 3}, "saleStarts": SALE})
    assert ok(await client.get("/config")) == {
        "params": {"greeting": "hello", "limits": {"items": 3}, "saleStarts": SALE},
        "masterKeyOnly": {"greeting": False, "limits": False, "saleStarts": False},
    }


async def test_values_lie_in_the_database_as_parse_server_writes_them(
    master: Client, database: Database[dict[str, Any]]
) -> None:
    await put(master, {"saleStarts": SALE, "vat": 0.2, "items": 3}, vat=True)
    assert database["_GlobalConfig"].find_one() == {
        "_id": 1,
        "params": {"saleStarts": SALE, "vat": 0.2, "items": 3},
        "masterKeyOnly": {"saleStarts": False, "vat": True, "items": False},
    }


async def test_parameters_are_merged_one_by_one(master: Client, client: Client) -> None:
    await put(master, {"a": 1, "b": {"x": 1}})
    await put(master, {"b": {"y": 2}})
    assert await params(client) == {"a": 1, "b": {"y": 2}}


async def test_a_secret_parameter_is_told_to_the_master_key_alone(
    master: Client, client: Client
) -> None:
    await put(master, {"margin": 0.3, "greeting": "hello"}, margin=True)
    answer = ok(await client.get("/config"))
    assert answer == {"params": {"greeting": "hello"}, "masterKeyOnly": {"greeting": False}}
    assert await params(master) == {"margin": 0.3, "greeting": "hello"}


async def test_a_parameter_goes_with_its_flag(master: Client) -> None:
    await put(master, {"a": 1, "b": 2}, a=True)
    await put(master, {"a": {"__op": "Delete"}})
    assert ok(await master.get("/config")) == {"params": {"b": 2}, "masterKeyOnly": {"b": False}}


async def test_a_number_can_be_counted_up(master: Client, client: Client) -> None:
    await put(master, {"visits": 1})
    await put(master, {"visits": {"__op": "Increment", "amount": 2}})
    assert await params(client) == {"visits": 3}


@pytest.mark.parametrize("name", ["a.b", "$set", "", "a\0b"])
async def test_a_name_that_would_reach_elsewhere_is_refused(master: Client, name: str) -> None:
    refused(await master.put("/config", json={"params": {name: 1}}), Code.INVALID_KEY_NAME)
    assert await params(master) == {}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"a.b": 1}, Code.INVALID_NESTED_KEY),
        ({"__proto__": 1}, Code.INVALID_KEY_NAME),
        ({"__op": "Frobnicate"}, Code.COMMAND_UNAVAILABLE),
        ({"__op": "AddRelation", "objects": []}, Code.INCORRECT_TYPE),
        ({"__op": "Increment", "amount": "x"}, Code.INVALID_JSON),
    ],
)
async def test_a_bad_value_is_refused(master: Client, value: Any, code: int) -> None:
    refused(await master.put("/config", json={"params": {"a": value}}), code)


@pytest.mark.parametrize("body", [{"params": [1]}, {"params": {"a": 1}, "masterKeyOnly": "a"}])
async def test_params_and_flags_are_objects(master: Client, body: Any) -> None:
    refused(await master.put("/config", json=body), Code.INVALID_JSON)


async def test_a_client_changes_nothing(client: Client) -> None:
    response = await client.put("/config", json={"params": {"a": 1}})
    assert (response.status_code, response.json()) == (403, {"error": "Permission denied"})


async def test_the_read_only_key_reads_secrets_and_changes_nothing(
    master: Client, client: Client
) -> None:
    await put(master, {"margin": 0.3}, margin=True)
    client.headers["X-Parse-Master-Key"] = READ_ONLY_KEY
    assert await params(client) == {"margin": 0.3}
    refused(await client.put("/config", json={"params": {"a": 1}}), Code.OPERATION_FORBIDDEN)


async def test_a_change_is_seen_at_once_by_those_who_have_read_before(
    master: Client, client: Client
) -> None:
    await put(master, {"greeting": "hello"})
    assert await params(client) == {"greeting": "hello"}
    await put(master, {"greeting": "good-bye"}, greeting=True)
    assert await params(client) == {}


async def test_a_change_in_a_failed_transaction_is_seen_by_nobody(
    master: Client, client: Client
) -> None:
    await put(master, {"greeting": "hello"})
    requests = [
        item_of_batch("PUT", "/config", {"params": {"greeting": "never"}}),
        item_of_batch("GET", "/classes/Order/nosuch"),
    ]
    body = {"requests": requests, "transaction": True}
    refused(await master.post("/batch", json=body), Code.OBJECT_NOT_FOUND)
    assert await params(client) == {"greeting": "hello"}


async def test_cloud_code_may_refuse_a_change(application: Application, master: Client) -> None:
    async def no_discounts(event: Event) -> None:
        if expect(event, ConfigEvent).object.get("discount", 0) > 0.5:
            raise ParseError(Code.SCRIPT_FAILED, "half price at most")

    application.backend.triggers.add("beforeSave", CONFIG, no_discounts)
    response = await master.put("/config", json={"params": {"discount": 0.9}})
    assert refused(response, Code.SCRIPT_FAILED) == "half price at most"
    assert await params(master) == {}


async def test_cloud_code_is_told_the_parameters_before_and_after(
    application: Application, master: Client
) -> None:
    told: list[Any] = []

    async def note(event: Event) -> None:
        change = expect(event, ConfigEvent)
        told.append((event.kind, change.original, change.object, change.changes))

    for kind in ("beforeSave", "afterSave"):
        application.backend.triggers.add(kind, CONFIG, note)
    await put(master, {"a": 1, "b": 1})
    change = {"a": {"__op": "Delete"}, "b": 2}
    await put(master, change)
    first, then = {"a": 1, "b": 1}, {"b": 2}
    assert told == [
        ("beforeSave", None, first, first),
        ("afterSave", None, first, first),
        ("beforeSave", first, then, change),
        ("afterSave", first, then, change),
    ]


async def test_what_fails_after_the_change_is_stored_is_not_told(
    application: Application, master: Client
) -> None:
    async def fail(event: Event) -> None:
        raise ParseError(Code.SCRIPT_FAILED, "too late")

    application.backend.triggers.add("afterSave", CONFIG, fail)
    await put(master, {"a": 1})
    assert await params(master) == {"a": 1}
