"""Each mistake that authors make is told: the exact line that they see."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from parsepy import Object
from parsepy.testing import CloudMistake, MakeApp
from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import Client
from tests.rest.shop import create, ok

WriteFile = Callable[[str], Path]


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "parsepy")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of cloud code, without what differs from run to run: ids, folders."""
    lines = [plain(record) for record in caplog.records if record.name == "parsepy.cloud"]
    caplog.clear()
    return lines


def plain(record: logging.LogRecord) -> str:
    line = f"{record.levelname.lower()} {record.getMessage()}"
    return re.sub(r"request [\w-]+:", "request ID:", re.sub(r"/\S*/", "", line))


async def line_with(caplog: pytest.LogCaptureFixture, *texts: str) -> str:
    """The line of these texts, which another thread writes.

    Other applications of the run watch the same loop, and tell of it too.
    """
    async with asyncio.timeout(5):
        while True:
            for record in caplog.records:
                if all(text in record.getMessage() for text in texts):
                    return plain(record)
            await asyncio.sleep(0.01)


async def script_log(master: Client) -> list[str]:
    return [line["message"] for line in ok(await master.get("/scriptlog", params={"n": 100}))]


# --- a coroutine that nobody awaits -------------------------------------------------------------

UNAWAITED = """
@Cloud.before_save("Order")
async def check(request):
    Object("Note").save()

@Cloud.function("anybody")
async def anybody(request):
    if Query("Order").first():
        return "yes"

@Cloud.function("kept")
async def kept(request):
    found = Query("Order").first()
    return found is not None

@Cloud.function("plain")
def plain(request):
    Query("Order").count()
"""


async def test_a_save_without_await_is_told_with_hook_line_and_request(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(UNAWAITED)
    await create(it.client, "Order", total=5)
    line = (
        "beforeSave of Order: Object.save() was never awaited: it did nothing; write `await …` "
        "(main.py:6 in check)"
    )
    assert f"warning request ID: {line}" in told(caplog)
    assert any("Object.save() was never awaited" in text for text in await script_log(it.master))


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("anybody", "Query.first() was never awaited: it did nothing; write `await …` (main.py:10"),
        (
            "kept",
            "Query.first() was never awaited: it did nothing; write `await …` (main.py",
        ),
        ("plain", "Query.count() was never awaited: it did nothing; write `await …` (main.py:20"),
    ],
)
async def test_a_query_without_await_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture, function: str, line: str
) -> None:
    it = await shop(UNAWAITED)
    ok(await it.client.post(f"/functions/{function}", json={}))
    assert any(
        text.startswith(f"warning request ID: the function {function}: {line}")
        for text in told(caplog)
    )


async def test_the_test_kit_makes_it_an_error(parse_app: MakeApp, cloud_file: WriteFile) -> None:
    app = await parse_app(cloud=cloud_file(UNAWAITED))
    with pytest.raises(CloudMistake, match=r"of Order: Object\.save\(\) was never awaited"):
        await app.anonymous.create("Order")
    with pytest.raises(CloudMistake, match=r"main\.py:15 in kept"):  # where it was made
        await app.anonymous.call("kept")


# --- a hook that holds the loop -----------------------------------------------------------------


async def test_a_hook_that_holds_the_loop_is_told_with_its_stack(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(
        """
        import time

        @Cloud.function("slow")
        async def slow(request):
            work()

        def work():
            time.sleep(1.6)
        """,
        cloudTimeout=1000,
    )
    await it.client.post("/functions/slow", json={})
    first = await line_with(caplog, "holds the event loop")
    assert first.startswith(
        "warning request ID: the function slow holds the event loop: nobody else is served. Wait "
        "with `await`, or make the hook a plain def, which runs in a thread"
    )
    assert re.search(r'File "main.py", line \d+, in slow\n    work\(\)\n', first)
    assert first.endswith("in work\n    time.sleep(1.6)")
    assert re.search(
        r"request ID: the function slow held the event loop for 1\.\d s\. cloudTimeout \(1 s\) "
        r"can't end what never waits",
        await line_with(caplog, "held the event loop", "cloudTimeout (1 s)"),
    )


# --- datetimes ----------------------------------------------------------------------------------

NAIVE = """
from datetime import datetime

@Cloud.before_save("Order")
async def check(request):
    request.object.set("at", datetime(2030, 5, 1, 17, 33))
"""


async def test_a_datetime_without_a_zone_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(NAIVE)
    await create(it.client, "Order", total=5)
    assert any(
        "beforeSave of Order: a datetime without a time zone was taken as UTC; write "
        "datetime.now(UTC)" in line
        for line in told(caplog)
    )


async def test_the_test_kit_refuses_such_a_datetime(
    parse_app: MakeApp, cloud_file: WriteFile
) -> None:
    app = await parse_app(cloud=cloud_file(NAIVE))
    with pytest.raises(CloudMistake, match="a datetime without a time zone"):
        await app.anonymous.create("Order")
    with pytest.raises(CloudMistake, match=r"test_mistakes\.py:\d+ in test_the_test_kit"):
        await app.anonymous.create("Note", {"at": datetime(2030, 5, 1)})
    with pytest.raises(CloudMistake, match="a datetime without a time zone"):
        async with app.acting():
            await Object("Note", at=datetime(2030, 5, 1)).save()


# --- numbers ------------------------------------------------------------------------------------

NUMBERS = """
@Cloud.function("count", fields={"n": {"type": int}})
async def count(request): return [request.params["n"], type(request.params["n"]).__name__]

@Cloud.function("weigh", fields={"n": {"type": float}})
async def weigh(request): return request.params["n"]
"""


@pytest.mark.parametrize("number", ["2.5", "true", '"2"'])
async def test_int_is_for_whole_numbers(shop: MakeShop, number: str) -> None:
    it = await shop(NUMBERS)
    answer = await it.client.post("/functions/count", content=f'{{"n": {number}}}')
    assert answer.json() == {
        "code": 142,
        "error": "Validation failed. Invalid type for n. Expected: integer",
    }


@pytest.mark.parametrize("number", ["2", "2.0"])
async def test_a_whole_number_is_an_int_however_it_is_written(shop: MakeShop, number: str) -> None:
    it = await shop(NUMBERS)
    answer = await it.client.post("/functions/count", content=f'{{"n": {number}}}')
    assert ok(answer) == {"result": [2, "int"]}


@pytest.mark.parametrize("name", ["count", "weigh"])
async def test_infinity_is_refused(shop: MakeShop, name: str) -> None:
    it = await shop(NUMBERS)
    answer = await it.client.post(f"/functions/{name}", content='{"n": 1e999}')
    assert answer.status_code == 400
    assert answer.json()["code"] in (107, 142)


# --- names --------------------------------------------------------------------------------------


async def test_a_class_that_no_schema_has_is_told_with_the_nearest(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop("")
    await create(it.client, "Order", total=5)
    caplog.clear()
    await shop(
        """
        @Cloud.before_save("Oder")
        async def check(request): ...

        @Cloud.after_save("order")
        async def check(request): ...

        @Cloud.after_save("Invoice")
        async def check(request): ...
        """,
        databaseURI=it.backend.config.database_uri,
    )
    lines = [r.getMessage() for r in caplog.records if "no such class" in r.getMessage()]
    assert lines == [
        "cloud code: afterSave of order: there is no such class; is Order meant?",
        "cloud code: beforeSave of Oder: there is no such class; is Order meant?",
    ]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('Query("Order").equalTo("a", 1)', "Query has no equalTo; in Python it is equal_to"),
        ('Query("Order").or_else()', "Query has no or_else"),
        (
            'await Query("Order").find(useMasterKey=True)',
            "Query.find() got an unexpected keyword argument 'useMasterKey'; "
            "in Python it is use_master_key",
        ),
        (
            'Object("Order").total = 5',
            "'Object' object has no attribute 'total'; "
            'a field is read by .get("total") and set by ["total"] = …',
        ),
        (
            'Object("Order").total',
            "'Object' object has no attribute 'total'; "
            'a field is read by .get("total") and set by ["total"] = …',
        ),
        (
            'Object("Order").addUnique("a", 1)',
            "'Object' object has no attribute 'addUnique'; in Python it is add_unique",
        ),
        (
            'User().nick = "a"',
            "'User' object has no attribute 'nick'; "
            'a field is read by .get("nick") and set by ["nick"] = …',
        ),
        ("Cloud.useMasterKey()", "Cloud has no useMasterKey; in Python it is the argument use_"),
    ],
)
async def test_a_name_of_javascript_is_answered_with_that_of_python(
    shop: MakeShop, code: str, text: str
) -> None:
    it = await shop(f'@Cloud.function("try")\nasync def attempt(request):\n    {code}')
    answer = (await it.client.post("/functions/try", json={})).json()
    assert answer["code"] == 141
    assert answer["error"].startswith(text)


async def test_an_attribute_of_a_class_of_ones_own_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(
        """
        class Parcel(Object, class_name="Parcel"):
            weighed: bool

        @Cloud.before_save("Parcel")
        async def check(request):
            request.object.weighed = True
            request.object._mine = True
            request.object.weight = 5
        """
    )
    await create(it.client, "Parcel")
    assert told(caplog) == [
        "warning request ID: beforeSave of Parcel: Parcel.weight = … sets no field, only an "
        'attribute; a field is read by .get("weight") and set by ["weight"] = … '
        "(main.py:11 in check)"
    ]


# --- answers ------------------------------------------------------------------------------------


async def test_none_is_undefined_and_there_is_a_way_to_answer_null(shop: MakeShop) -> None:
    it = await shop(
        """
        @Cloud.function("nothing")
        async def nothing(request): return None

        @Cloud.function("null")
        async def null(request): return Cloud.answer(None)
        """
    )
    assert ok(await it.client.post("/functions/nothing", json={})) == {}
    assert ok(await it.client.post("/functions/null", json={})) == {"result": None}


@pytest.mark.parametrize("kind", ["async def", "def"])
async def test_sys_exit_in_a_hook_is_a_141(
    shop: MakeShop, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    it = await shop(
        f"""
        import sys

        @Cloud.before_save("Order")
        {kind} check(request): sys.exit(3)
        """
    )
    answer = await it.client.post("/classes/Order", json={})
    assert answer.json() == {"code": 141, "error": "Cloud code called sys.exit(3)."}
    assert told(caplog) == ["error request ID: beforeSave of Order raised SystemExit for nobody"]
    assert (await it.client.get("/health")).status_code == 200


# --- the log ------------------------------------------------------------------------------------

FAILING = """
@Cloud.before_save("Order")
async def check(request):
    if request.object.get("total") == 0:
        raise ParseError(Code.VALIDATION_ERROR, "total: at least 1")
    token = request.object.get("nothing")["token"]

@Cloud.after_save("Note")
async def after(request):
    1 / 0
"""


async def test_a_refusal_is_info_without_the_object(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(FAILING)
    await it.client.post("/classes/Order", json={"total": 0, "card": "4111"})
    assert told(caplog) == [
        'info beforeSave of Order refused for nobody: error {"code": 142, "error": '
        '"total: at least 1"}'
    ]


async def test_a_crash_is_one_entry_whose_source_lines_are_as_they_are_written(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(FAILING)
    await it.client.post("/classes/Order", json={"total": 5})
    assert told(caplog) == ["error request ID: beforeSave of Order raised TypeError for nobody"]
    (entry,) = [e for e in ok(await it.master.get("/scriptlog")) if "stack" in e]
    assert '    token = request.object.get("nothing")["token"]\n' in entry["stack"]
    assert entry["stack"].endswith("TypeError: 'NoneType' object is not subscriptable")


async def test_a_crash_after_a_save_is_one_entry_too(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(FAILING)
    await create(it.client, "Note")
    lines = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert len(lines) == 1
    assert lines[0].endswith("afterSave of Note raised ZeroDivisionError for nobody")


# --- locks --------------------------------------------------------------------------------------

LOCKS = """
import asyncio

@Cloud.function("twice")
async def twice(request):
    async with Cloud.lock("till"):
        await Object("Order").save()
        return "done"

@Cloud.before_save("Order")
async def check(request):
    async with Cloud.lock("till", patience=0.1):
        pass

@Cloud.function("hold")
async def hold(request):
    async with Cloud.lock("till", seconds=request.params["seconds"]):
        HELD.set()
        await FREE.wait()

@Cloud.function("held")
async def held(request): await HELD.wait()

@Cloud.function("free")
async def free(request): FREE.set()

@Cloud.function("try")
async def attempt(request):
    async with Cloud.lock("till", seconds=request.params.get("seconds", 30), patience=0.2):
        FREE.set() if request.params.get("frees") else None
        await asyncio.sleep(request.params.get("sleep", 0))
        return "got it"

HELD, FREE = asyncio.Event(), asyncio.Event()
"""


async def test_a_lock_is_taken_again_within_one_request(shop: MakeShop) -> None:
    it = await shop(LOCKS)
    assert ok(await it.client.post("/functions/twice", json={})) == {"result": "done"}
    assert ok(await it.client.post("/functions/try", json={})) == {"result": "got it"}


async def hold(it: CloudShop, seconds: float) -> asyncio.Task[Any]:
    """Let a request take the lock; it holds it until the function `free` is called."""
    holding = asyncio.create_task(it.client.post("/functions/hold", json={"seconds": seconds}))
    ok(await it.client.post("/functions/held", json={}))
    return holding


async def test_who_waits_too_long_is_told_who_holds_the_lock(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(LOCKS)
    holding = await hold(it, 30)
    answer = await it.client.post("/functions/try", json={})
    assert answer.json() == {"code": 141, "error": "Too many wait for the same; try again."}
    assert re.search(
        r"warning request ID: the function try waited 0\.2 s for the lock till, held by request "
        r"ID: the function hold \(since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\)",
        await line_with(caplog, "for the lock"),
    )
    ok(await it.client.post("/functions/free", json={}))
    ok(await holding)


async def test_who_overstays_neither_keeps_the_lock_nor_takes_it_from_the_next(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(LOCKS)
    holding = await hold(it, 0.01)
    # takes the lock over, and ends the wait of who overstayed, who must not give this one back
    next_one = {"seconds": 0.01, "frees": True, "sleep": 0.3}
    second = asyncio.create_task(it.client.post("/functions/try", json=next_one))
    ok(await holding)
    assert (await it.client.post("/functions/try", json={})).status_code == 400
    assert ok(await second) == {"result": "got it"}
    lines = told(caplog)
    took, kept = (next(x for x in lines if text in x) for text in ("took over", "more than its"))
    assert "request ID: the function try took over, after more than 0.01 s, the lock till" in took
    assert kept == (
        "warning request ID: the function hold held the lock till for more than its 0.01 s: "
        "another may have had it meanwhile"
    )
    assert ok(await it.client.post("/functions/try", json={})) == {"result": "got it"}


COLLECTING = """
import gc
import threading
import time

from parsepy.cloud.watchdog import frame_of


def ask():
    for _ in range(8000):
        assert frame_of(threading.main_thread().ident)
        time.sleep(0)


def start_threads():
    while asking.is_alive():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


def work(depth):
    if depth:
        work(depth - 1)
    else:
        time.sleep(0)


gc.set_threshold(1, 1, 1)
gc.callbacks.append(lambda phase, info: time.sleep(0))
asking = threading.Thread(target=ask)
asking.start()
threading.Thread(target=start_threads).start()
while asking.is_alive():
    work(30)
"""
"""Garbage is collected at every chance, beside threads that come and go."""


def test_a_look_at_the_loops_frames_never_stops_the_process() -> None:
    subprocess.run([sys.executable, "-c", COLLECTING], check=True, timeout=60)
