"""The test kit: applications in the test, clients of them, what fired, and nothing left behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy import Cloud, Object, ParseError, Query
from parsepy.cloud.loader import CloudError
from parsepy.errors import Code
from parsepy.testing import App, MakeApp

CODE = """
@Cloud.before_save("Order", require_user=True)
async def check(request):
    if request.object.get("count", 0) < 1:
        raise ParseError(Code.VALIDATION_ERROR, "count must be at least 1")
    request.object.set("customer", request.user)
    request.object.set("via", request.context.get("via"))

@Cloud.function("double", require_any_user_roles=["staff"])
async def double(request): return request.params["n"] * 2

@Cloud.function("sell")
async def sell(request):
    async with Cloud.transaction():
        await Object("Sale").save()
        sku = Pointer("SKU", request.params["sku"])
        await sku.decrement("stock").save(where={"stock": {"$gte": 1}})

@Cloud.job("close", schedule="* * * * *")
async def close(request):
    if request.params.get("fail"): raise ValueError("no sales")
    return "closed"
"""

# The plugin's fixture bears the name of what it gives.
Make = MakeApp


@pytest.fixture(params=["memory:", "mongodb:"])
async def kit(
    request: pytest.FixtureRequest, parse_app: Make, cloud_file: Callable[[str], Path]
) -> App:
    """An application in memory, and one on MongoDB."""
    database = request.param
    if database != "memory:":
        database = request.getfixturevalue("mongo_uri")
    return await parse_app(cloud=cloud_file(CODE), database=database)


async def test_a_hook_runs_and_is_counted(kit: App) -> None:
    ann = await kit.user()
    order = await ann.create("Order", {"count": 1}, context={"via": "till"})
    found = await ann.get("Order", order["objectId"])
    assert (found["customer"]["objectId"], found["via"]) == (ann.id, "till")
    assert kit.fired == {"beforeSave Order": 1}


async def test_a_refusal_is_an_error_with_code_and_message(kit: App) -> None:
    ann = await kit.user()
    with pytest.raises(ParseError) as refusal:
        await ann.create("Order", {"count": 0})
    assert refusal.value.code == Code.VALIDATION_ERROR
    assert refusal.value.message == "count must be at least 1"


async def test_nobody_is_signed_in_as_anonymous(kit: App) -> None:
    with pytest.raises(ParseError, match="Please login"):
        await kit.anonymous.create("Order", {"count": 1})


async def test_objects_are_found_changed_and_deleted(kit: App) -> None:
    for total in (5, 6, 7):
        await kit.master.create("Sale", {"total": total})
    (sale,) = await kit.master.find("Sale", {"total": {"$gt": 5}}, order="-total", limit=1)
    await kit.master.update("Sale", sale["objectId"], {"total": 1})
    assert await kit.master.count("Sale", {"total": 1}) == 1
    await kit.master.delete("Sale", sale["objectId"])
    assert await kit.master.count("Sale") == 2


async def test_a_user_holds_the_roles_he_is_given(kit: App) -> None:
    clerk = await kit.user("bo", roles=["staff"])
    assert await clerk.call("double", {"n": 4}) == 8
    with pytest.raises(ParseError, match="required roles"):
        await (await kit.user("cy")).call("double", {"n": 4})


async def test_a_user_logs_in_again_and_out(kit: App) -> None:
    ann = await kit.user("ann")
    again = await kit.log_in("ann")
    assert (again.id, again.session_token != ann.session_token) == (ann.id, True)
    await again.log_out()
    with pytest.raises(ParseError) as refusal:
        await again.find("Order")
    assert refusal.value.code == Code.INVALID_SESSION_TOKEN


async def test_a_job_is_run_to_its_end(kit: App) -> None:
    status = await kit.master.run_job("close")
    assert (status["status"], status["message"]) == ("succeeded", "closed")
    with pytest.raises(ParseError, match="no sales"):
        await kit.master.run_job("close", {"fail": True})
    assert kit.fired == {"job close": 2}


async def test_a_test_may_use_objects_and_queries_itself(kit: App) -> None:
    ann = await kit.user()
    async with kit.acting():
        sku = await Object("SKU", stock=3, ACL={ann.id: {"read": True}}).save()
        assert await Query("SKU").find() == [sku]
    async with kit.acting(kit.anonymous):
        assert await Query("SKU").find() == []
    async with kit.acting(ann):
        assert await Query("SKU").find() == [sku]


async def test_a_transaction_that_is_refused_leaves_nothing(kit: App) -> None:
    sku = await kit.master.create("SKU", {"stock": 1})
    await kit.anonymous.call("sell", {"sku": sku["objectId"]})
    with pytest.raises(ParseError) as refusal:
        await kit.anonymous.call("sell", {"sku": sku["objectId"]})
    assert refusal.value.code == Code.VALIDATION_ERROR
    assert await kit.master.count("Sale") == 1
    assert (await kit.master.get("SKU", sku["objectId"]))["stock"] == 0


async def test_buyers_at_once_never_oversell(kit: App) -> None:
    sku = await kit.master.create("SKU", {"stock": 3})
    await kit.master.create("Sale", {})
    calls = [kit.anonymous.call("sell", {"sku": sku["objectId"]}) for _ in range(10)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 3
    assert (await kit.master.get("SKU", sku["objectId"]))["stock"] == 0


async def test_the_database_of_a_test_is_dropped(
    parse_app: Make, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    app = await parse_app(database=mongo_uri)
    await app.master.create("Sale", {"total": 1})
    name = app.application.backend.storage.connection.collection("Sale").database.name
    assert name in mongo.list_database_names()
    await app.close()
    assert name not in mongo.list_database_names()


async def test_a_template_makes_its_classes(parse_app: Make) -> None:
    schema = Path(__file__).parents[2] / "schema" / "ecommerce.json"
    app = await parse_app(schema=[schema])
    with pytest.raises(ParseError):
        await app.anonymous.create("Unicorn", {})
    assert await app.anonymous.find("Product") == []


async def test_options_reach_the_server(parse_app: Make, cloud_file: Callable[[str], Path]) -> None:
    hang = (
        "import asyncio\n@Cloud.function('hang')\nasync def hang(r): await asyncio.Event().wait()\n"
    )
    app = await parse_app(cloud=cloud_file(hang), cloudTimeout=50)
    with pytest.raises(ParseError, match=r"did not end within 0\.05 s"):
        await app.anonymous.call("hang")


async def test_cloud_code_that_does_not_load_fails_the_test(
    parse_app: Make, cloud_file: Callable[[str], Path]
) -> None:
    with pytest.raises(CloudError, match="division by zero"):
        await parse_app(cloud=cloud_file("1 / 0\n"))


async def test_outside_of_an_application_objects_say_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match=r"inside a parsepy\.testing app"):
        await Object("Order").save()
    assert Cloud


def test_an_authors_own_project_has_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from parsepy import Cloud\nCloud.function('one')(lambda request: 1)\n"
    )
    (tmp_path / "test_shop.py").write_text(
        "import pytest\n\n@pytest.mark.asyncio\nasync def test_one(parse_app):\n"
        "    app = await parse_app(cloud='main.py')\n"
        "    assert await app.anonymous.call('one') == 1\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 passed" in outcome.stdout, outcome.stdout + outcome.stderr
