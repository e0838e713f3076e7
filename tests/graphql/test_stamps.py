"""The schema is made again when classes, functions or the configuration change, and only then."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLSchema

from parsepy.app import Application
from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.graphql import stamps
from parsepy.graphql.schema import custom
from parsepy.graphql.stamps import SchemaKeeper, open_keeper
from parsepy.operations import schemas
from parsepy.triggers import Event
from tests.conftest import Client, MakeApp

COLUMN = {"type": "String"}


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """An application without cloud code."""
    return await app()


@pytest.fixture
def backend(application: Application) -> Backend:
    """The backend of the application that `master` speaks to."""
    return application.backend


@pytest.fixture
def keeper(backend: Backend) -> SchemaKeeper:
    """A keeper of that application's schema."""
    return open_keeper(backend)


def fields(schema: GraphQLSchema, type_name: str) -> set[str]:
    made: Any = schema.type_map.get(type_name)
    return set() if made is None else set(made.fields)


async def make(master: Client, of_class: str, **columns: dict[str, str]) -> None:
    body = {"className": of_class, "fields": columns}
    assert (await master.post(f"/schemas/{of_class}", json=body)).status_code == 200


async def write_elsewhere(backend: Backend, column: str) -> None:
    """Have another process add a column to Product, and this one notice it."""
    rows = backend.storage.schemas._rows
    await rows.update_one({"_id": "Product"}, {"$set": {column: "string"}})
    await schemas.load(backend, within=0)


async def test_the_same_schema_serves_while_nothing_changes(
    keeper: SchemaKeeper, master: Client
) -> None:
    await make(master, "Product", name=COLUMN)
    first = await keeper.current()
    assert fields(first, "Product") >= {"name", "id"}
    await master.post("/classes/Product", json={"name": "Tea"})
    assert await keeper.current() is first


async def test_a_database_that_is_new_shows_the_classes_of_every_start(
    keeper: SchemaKeeper,
) -> None:
    shown = [name for name in (await keeper.current()).type_map if name.endswith("Connection")]
    assert shown == ["RoleConnection", "SessionConnection", "UserConnection"]


async def test_a_column_that_this_process_has_added_is_there_at_once(
    keeper: SchemaKeeper, master: Client
) -> None:
    await make(master, "Product", name=COLUMN)
    await keeper.current()
    await master.post("/classes/Product", json={"name": "Tea", "price": 3})
    assert "price" in fields(await keeper.current(), "Product")
    await master.delete("/schemas/Cart")
    await make(master, "Cart", total={"type": "Number"})
    assert "total" in fields(await keeper.current(), "Cart")


async def test_a_class_that_this_process_has_deleted_is_gone_at_once(
    keeper: SchemaKeeper, master: Client
) -> None:
    await make(master, "Product", name=COLUMN)
    assert fields(await keeper.current(), "Product")
    await master.delete("/schemas/Product")
    assert not fields(await keeper.current(), "Product")


async def test_the_old_schema_serves_while_one_is_made_for_what_others_changed(
    keeper: SchemaKeeper, backend: Backend, master: Client
) -> None:
    await make(master, "Product", name=COLUMN)
    old = await keeper.current()
    await write_elsewhere(backend, "weight")
    assert await keeper.current() is old
    assert "weight" in fields(await keeper.newest(), "Product")
    assert await keeper.current() is not old


async def test_who_asks_in_the_turn_in_which_one_was_made_does_not_hold_the_loop(
    keeper: SchemaKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, looks, look = ["one"], 0, keeper._now

    async def counted() -> stamps.Stamp:
        nonlocal looks
        looks += 1
        assert looks < 10, "looks for a change again and again, and lets nobody else run"
        return await look()

    async def ask_late() -> GraphQLSchema:
        await asyncio.sleep(0)  # goes on behind the making, in the same turn
        assert keeper._making is not None
        assert keeper._making.done()
        names.append("three")
        return await keeper.current()

    monkeypatch.setattr(keeper, "_functions", lambda: tuple(names))
    await keeper.current()
    names.append("two")
    monkeypatch.setattr(keeper, "_now", counted)
    first = asyncio.create_task(keeper.current())
    late = asyncio.create_task(ask_late())
    assert await late is await first


async def test_permissions_leave_the_schema_as_it_is(
    keeper: SchemaKeeper, backend: Backend, master: Client
) -> None:
    await make(master, "Product", name=COLUMN)
    first, classes = await keeper.current(), backend.schemas.classes
    body = {"className": "Product", "classLevelPermissions": {"find": {}}}
    await master.put("/schemas/Product", json=body)
    assert backend.schemas.classes["Product"] is not classes["Product"]
    assert await keeper.current() is first


async def test_a_configuration_counts_at_once(keeper: SchemaKeeper, master: Client) -> None:
    await make(master, "Product", name=COLUMN)
    await keeper.current()
    await master.put("/graphql-config", json={"params": {"disabledForClasses": ["Product"]}})
    assert not fields(await keeper.current(), "Product")


async def test_functions_are_called_by_their_names_once_they_are_there(
    keeper: SchemaKeeper, backend: Backend
) -> None:
    assert "callCloudCode" not in fields(await keeper.current(), "Mutation")

    async def answer(event: Event) -> Any:
        return 42

    backend.triggers.functions = {"total": answer, "not-a-name": answer}
    backend.triggers.webhook_functions = {"ship": answer, "total": answer}
    names: Any = (await keeper.current()).type_map["CloudCodeFunction"]
    assert list(names.values) == ["total", "ship"]


async def test_many_classes_are_left_to_a_thread(
    keeper: SchemaKeeper, master: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "_MANY", 0)
    await make(master, "Product", name=COLUMN)
    first, second = await asyncio.gather(keeper.current(), keeper.current())
    assert first is second
    assert fields(first, "Product")


async def test_sdl_that_does_not_fit_is_told_at_first_and_keeps_the_old_schema_later(
    backend: Backend, master: Client, caplog: pytest.LogCaptureFixture
) -> None:
    own = custom.read("extend type Product { upper: String @resolve }")
    keeper = SchemaKeeper(backend, own)
    with pytest.raises(ConfigError, match="Cannot extend type 'Product'"):
        await keeper.current()
    await make(master, "Product", name=COLUMN)
    old = await keeper.current()
    await master.delete("/schemas/Product")
    assert await keeper.current() is old
    assert await keeper.current() is old
    told = [r.message for r in caplog.records if "keeps its old schema" in r.message]
    assert len(told) == 1
    await make(master, "Product", price={"type": "Number"})
    assert fields(await keeper.current(), "Product") >= {"price", "upper"}


async def test_classes_can_be_followed_only_if_the_options_say_so(app: MakeApp) -> None:
    live = {"classNames": ["Order", "Sto.*"]}
    for is_on, expected in ((False, set()), (True, {"order", "stock", "store"})):
        application = await app(liveQuery=live, graphQLSubscriptions=is_on)
        async with Client(application, master=True) as master:
            for name in ("Order", "Stock", "Store", "Orders"):
                await make(master, name)
        schema = await open_keeper(application.backend).current()
        assert fields(schema, "Subscription") == expected
