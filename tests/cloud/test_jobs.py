"""Jobs: started by the master key, followed in `_JobStatus`, scheduled on one process of many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.operations import jobs
from parsepy.triggers import Job
from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import Client, MakeApp, database_in
from tests.rest.shop import ok, refused

JOBS = """
@Cloud.job("close")
async def close(request):
    await request.message(f"closing {request.params['count']}")
    await Object("Sale", closed=request.params["count"]).save()
    return "closed"

@Cloud.job("fail")
def fail(request): raise ValueError("no sales")

@Cloud.function("start")
async def start(request): return await Cloud.start_job("close", {"count": 2})

@Cloud.function("startAndFail")
async def start_and_fail(request):
    async with Cloud.transaction():
        await Cloud.start_job("close", {"count": 2})
        raise ParseError(Code.OTHER_CAUSE, "no")

@Cloud.job("again")
async def again(request):
    if request.params["left"]:
        await Cloud.start_job("again", {"left": request.params["left"] - 1})
"""


async def run(it: CloudShop, name: str, **params: Any) -> dict[str, Any]:
    """Start a job, wait for its end; its `_JobStatus`."""
    answer = await it.master.post(f"/jobs/{name}", json=params)
    assert ok(answer) == {}
    return await ended(it, answer.headers["x-parse-job-status-id"])


async def ended(it: CloudShop, status_id: str) -> dict[str, Any]:
    """The `_JobStatus` when every job is over."""
    while it.backend.tasks:
        await asyncio.wait(set(it.backend.tasks), timeout=5)
    status: dict[str, Any] = ok(await it.master.get(f"/classes/_JobStatus/{status_id}"))
    return status


async def test_a_job_that_ends_well_says_so(shop: MakeShop) -> None:
    it = await shop(JOBS)
    status = await run(it, "close", count=3)
    assert (status["jobName"], status["status"], status["message"]) == (
        "close",
        "succeeded",
        "closed",
    )
    assert status["finishedAt"]["iso"] >= status["createdAt"]
    assert it.fired == {"job close": 1}


async def test_a_job_that_raises_has_failed_with_its_words(shop: MakeShop) -> None:
    it = await shop(JOBS)
    status = await run(it, "fail")
    assert (status["status"], status["message"]) == ("failed", "no sales")


async def test_a_job_is_for_the_master_key(shop: MakeShop) -> None:
    it = await shop(JOBS)
    assert (await it.client.post("/jobs/close", json={})).status_code == 403
    assert it.fired == {}


async def test_a_job_that_is_not_there_is_refused(shop: MakeShop) -> None:
    it = await shop(JOBS)
    assert refused(await it.master.post("/jobs/open", json={}), 141) == "Invalid job."


async def test_cloud_code_starts_a_job(shop: MakeShop) -> None:
    it = await shop(JOBS)
    status_id = ok(await it.client.post("/functions/start", json={}))["result"]
    assert (await ended(it, status_id))["status"] == "succeeded"


async def test_a_job_that_a_transaction_started_does_not_run_when_that_fails(
    shop: MakeShop,
) -> None:
    it = await shop(JOBS)
    await run(it, "close", count=1)
    refused(await it.client.post("/functions/startAndFail", json={}), -1)
    assert it.backend.tasks == set()
    assert it.fired["job close"] == 1


async def test_a_job_knows_its_name(shop: MakeShop) -> None:
    it = await shop("@Cloud.job('count')\nasync def count(request): return request.job_name\n")
    status = await run(it, "count")
    assert (status["status"], status["message"]) == ("succeeded", "count")


async def test_a_job_may_start_itself_more_often_than_hooks_may_nest(shop: MakeShop) -> None:
    it = await shop(JOBS)
    status = await run(it, "again", left=30)
    assert status["status"] == "succeeded"
    assert it.fired == {"job again": 31}


async def test_a_job_that_is_cut_off_by_the_end_of_the_server_has_failed(
    own_shop: MakeShop, mongo: MongoClient[dict[str, Any]]
) -> None:
    it = await own_shop(
        "import asyncio\n@Cloud.job('wait')\nasync def wait(request):\n"
        "    await request.message('waiting')\n    await asyncio.Event().wait()\n"
    )
    answer = await it.master.post("/jobs/wait", json={})
    collection = it.backend.storage.connection.collection("_JobStatus")
    await it.client.application.shutdown()
    row = mongo[collection.database.name]["_JobStatus"].find_one({})
    assert row is not None
    assert row["_id"] == answer.headers["x-parse-job-status-id"]
    assert (row["status"], row["message"]) == ("failed", "The server was stopped.")


# --- schedules ---

SCHEDULED = """
@Cloud.job("close", schedule="*/5 * * * *")
async def close(request): pass

@Cloud.job("report", schedule="0 3 * * *")
async def report(request): pass
"""


async def test_a_time_is_taken_by_exactly_one_of_two_processes(
    app: MakeApp, mongo_uri: str, cloud_file: Callable[[str], Path]
) -> None:
    options = {
        "cloud": str(cloud_file(SCHEDULED)),
        "databaseURI": database_in(mongo_uri, f"test_{uuid4().hex[:16]}"),
    }
    one, two = await app(**options), await app(**options)
    moment = datetime(2026, 11, 26, 10, 5, tzinfo=UTC)
    await asyncio.gather(*(jobs._start_once(it.backend, "close", moment) for it in (one, two)))
    rows = await one.backend.storage.connection.collection("_JobStatus").count_documents({})
    await one.backend.storage.connection.drop_database()
    assert rows == 1


async def test_each_time_is_run_once(shop: MakeShop) -> None:
    it = await shop(SCHEDULED)
    for minute in (5, 5, 10):
        moment = datetime(2026, 11, 26, 10, minute, tzinfo=UTC)
        await jobs._start_once(it.backend, "close", moment)
    await asyncio.wait(set(it.backend.tasks), timeout=5)
    assert it.fired == {"job close": 2}


async def nothing(event: object) -> None:
    """A job that does nothing."""


@pytest.mark.parametrize(
    ("after", "moment", "due"),
    [
        (datetime(2026, 11, 26, 2, 51, tzinfo=UTC), (2, 55), ["close"]),
        (datetime(2026, 11, 26, 2, 55, tzinfo=UTC), (3, 0), ["close", "report"]),
    ],
)
def test_the_next_time_names_the_jobs_that_are_due(
    after: datetime, moment: tuple[int, int], due: list[str]
) -> None:
    known = {
        "close": Job(nothing, "*/5 * * * *"),
        "report": Job(nothing, "0 3 * * *"),
        "by hand": Job(nothing),
    }
    found, names = jobs._next(known, after)
    assert ((found.hour, found.minute), names) == (moment, due)


# --- moments that jobs name themselves ---

AT_MOMENTS = """
from datetime import UTC, datetime, timedelta

async def next_opening(request):
    waiting = await Query("Sale").equal_to("open", False).ascending("at").first(use_master_key=True)
    return waiting.get("at") if waiting is not None else None

@Cloud.job("open", next_run=next_opening)
async def open_sales(request):
    due = Query("Sale").equal_to("open", False).less_than_or_equal_to("at", datetime.now(UTC))
    for sale in await due.find(use_master_key=True):
        await sale.save({"open": True}, use_master_key=True)

@Cloud.after_save("Sale")
async def see(request):
    await Cloud.reschedule()
"""


async def test_a_job_runs_at_the_moment_that_it_names_on_one_process_of_two(
    app: MakeApp,
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    cloud_file: Callable[[str], Path],
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    options = {"cloud": str(cloud_file(AT_MOMENTS)), "databaseURI": database_in(mongo_uri, name)}
    one, _ = await app(**options), await app(**options)
    with mongo[name]["Sale"].watch([{"$match": {"operationType": "update"}}]) as opened:
        at = datetime.now(UTC) + timedelta(seconds=0.5)
        moment = {"__type": "Date", "iso": at.isoformat(timespec="milliseconds")[:-6] + "Z"}
        ok(await Client(one).post("/classes/Sale", json={"open": False, "at": moment}), 201)
        event = await asyncio.to_thread(opened.next)
        assert event["wallTime"] - at < timedelta(seconds=1)
        assert event["wallTime"] - at > -timedelta(milliseconds=1)
    assert mongo[name]["_JobStatus"].count_documents({}) == 1
    mongo.drop_database(name)


async def test_a_next_run_that_is_no_moment_is_logged_and_runs_nothing(
    app: MakeApp, cloud_file: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    source = """
async def soon(request): return "soon"

@Cloud.job("never", next_run=soon)
async def never(request): pass
"""
    it = await app(cloud=str(cloud_file(source)))
    asked = it.backend.triggers.jobs["never"].next_run
    assert asked is not None
    assert await jobs._moment_of(it.backend, "never", asked) is None
    assert "next_run of never must return a datetime in a time zone" in caplog.text
