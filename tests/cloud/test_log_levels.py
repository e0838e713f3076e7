"""The option logLevels: what cloud code did is told at the level of its kind, without secrets."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.cloud.conftest import MakeShop
from tests.rest.shop import create, find, ok, sign_up, unique

CODE = """
from parsepy import Config, File

@Cloud.before_save("Order")
def check(request):
    if request.object.get("total") < 0:
        raise ParseError(Code.VALIDATION_ERROR, "total: at least 0")
    request.object.set("checked", True)

@Cloud.after_save("Order")
def note(request):
    if request.object.get("total") == 13:
        raise ParseError(Code.SCRIPT_FAILED, "no luck")

@Cloud.before_find("Order")
def narrow(request): pass

@Cloud.after_find("Order")
def found(request): pass

@Cloud.before_save("_User")
def member(request):
    if request.object.get("username") == "root":
        raise ParseError(Code.VALIDATION_ERROR, "not this one")

@Cloud.before_save(Config)
def guard(request): pass

@Cloud.before_save(File)
def file(request): pass

@Cloud.function("add")
def add(request):
    return request.params["a"] + request.params["b"]

@Cloud.function("refuse")
def refuse(request):
    raise ParseError(Code.VALIDATION_ERROR, "no")

@Cloud.job("tidy")
def tidy(request): pass
"""
SECRET = 'two words, "quoted"'


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, "parsepy")


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and text of the lines of cloud code, and the log is empty again."""
    lines = [
        (record.levelname.lower(), record.getMessage())
        for record in caplog.records
        if record.name == "parsepy.cloud"
    ]
    caplog.clear()
    return lines


LEVELS = {
    "triggerBeforeSuccess": "info",
    "triggerAfter": "debug",
    "triggerBeforeError": "warn",
    "cloudFunctionSuccess": "info",
    "cloudFunctionError": "warn",
}


async def test_each_kind_has_its_level(shop: MakeShop, caplog: pytest.LogCaptureFixture) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    told(caplog)
    await create(it.client, "Order", total=5)
    before, after = told(caplog)
    assert before == (
        "info",
        'beforeSave of Order ran for nobody: input {"total": 5}, '
        'result {"total": 5, "checked": true}',
    )
    assert after[0] == "debug"
    assert after[1].startswith('afterSave of Order ran for nobody: input {"')
    assert (await it.client.post("/classes/Order", json={"total": -1})).status_code == 400
    assert told(caplog) == [
        (
            "warning",
            'beforeSave of Order refused for nobody: input {"total": -1}, '
            'error {"code": 142, "error": "total: at least 0"}',
        )
    ]


async def test_functions_have_levels_too(shop: MakeShop, caplog: pytest.LogCaptureFixture) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    user = await sign_up(it.client)
    told(caplog)
    who = user.client
    ok(await who.post("/functions/add", json={"a": 1, "b": 2}))
    (line,) = [r for r in caplog.records if r.name == "parsepy.cloud"]
    assert line.levelno == logging.INFO
    assert line.getMessage() == (
        f'the function add ran for user {user.id}: input {{"a": 1, "b": 2}}, result 3'
    )
    fields: dict[str, Any] = line.__dict__["fields"]
    assert fields["functionName"] == "add"
    assert fields["user"] == user.id
    assert fields["requestId"]
    caplog.clear()
    await who.post("/functions/add", json={"a": 1})
    # what is no refusal is one entry, with its traceback
    assert [level for level, _ in told(caplog)] == ["error"]
    await who.post("/functions/refuse", json={"a": 1})
    assert [level for level, _ in told(caplog)] == ["warning"]


async def test_a_find_is_told_once_with_the_ids_of_what_was_found(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    order = await create(it.client, "Order", total=5)
    told(caplog)
    await find(it.client, "Order")
    ((level, line),) = told(caplog)  # Parse has none for beforeFind
    assert level == "debug"
    assert line.startswith(
        f'afterFind of Order ran for nobody: input ["Order:{order}"], result [{{'
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [({}, ["verbose", "verbose"]), (dict.fromkeys(LEVELS, "silent"), [])],
)
async def test_success_is_verbose_unless_told_otherwise_and_silence_is_silent(
    shop: MakeShop,
    caplog: pytest.LogCaptureFixture,
    levels: dict[str, str],
    expected: list[str],
) -> None:
    logging.addLevelName(15, "VERBOSE")
    it = await shop(CODE, logLevels=levels)
    told(caplog)
    await create(it.client, "Order", total=5)
    assert [level for level, _ in told(caplog)] == expected


async def test_an_error_after_the_save_is_told_once(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    told(caplog)
    await create(it.client, "Order", total=13)
    errors = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(errors) == 1
    assert "afterSave of Order failed: no luck" in errors[0]


async def test_no_secret_is_told(shop: MakeShop, caplog: pytest.LogCaptureFixture) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    body = {"username": "root", "password": SECRET, "email": f"{unique('a')}@shop.test"}
    assert (await it.client.post("/users", json=body)).status_code == 400
    params = {"a": {"new_password": SECRET, "apiKey": "words", "list": [{"token": SECRET}]}}
    await it.client.post("/functions/refuse", json=params)
    ok(await it.master.put("/config", json={"params": {"stripe": "sk words"}}))
    shown = ok(await it.master.get("/scriptlog", params={"n": 100}))
    lines = [line["message"] for line in shown]
    assert any("beforeSave of _User refused" in line and '"root"' in line for line in lines)
    assert any("the function refuse refused" in line for line in lines)
    assert any('beforeSave of @Config ran for the master key: input ["stripe"]' in x for x in lines)
    assert "words" not in "".join(map(str, shown))


async def test_bytes_and_long_values_are_told_by_their_size(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    told(caplog)
    upload = await it.master.post(
        "/files/a.txt", content=b"long" * 1000, headers={"Content-Type": "text/plain"}
    )
    ok(upload, 201)
    ((level, line),) = told(caplog)
    assert level == "info"
    assert line.startswith("beforeSave of @File ran for the master key: input ")
    assert '"fileSize": 4000' in line
    assert "longlong" not in line
    ok(await it.client.post("/functions/add", json={"a": "x" * 5000, "b": "y" * 5000}))
    ((_, line),) = told(caplog)
    assert len(line) < 2500
    assert "(cut)" in line


async def test_a_job_leaves_no_such_line(shop: MakeShop, caplog: pytest.LogCaptureFixture) -> None:
    it = await shop(CODE, logLevels=LEVELS)
    told(caplog)
    ok(await it.master.post("/jobs/tidy", json={}))
    assert told(caplog) == []


@pytest.mark.parametrize(("level", "count"), [("warn", 1), ("silent", 0)])
async def test_a_name_that_is_taken_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture, level: str, count: int
) -> None:
    it = await shop(CODE, logLevels={"signupUsernameTaken": level})
    body = {"username": unique("ann"), "password": "p"}
    ok(await it.client.post("/users", json=body), 201)
    caplog.clear()
    assert (await it.client.post("/users", json=body)).json()["code"] == 202
    lines = [record for record in caplog.records if "already exists" in record.getMessage()]
    assert [record.levelno for record in lines] == [logging.WARNING] * count


async def test_e4_a_function_leaves_a_line_without_its_values_at_info(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(CODE)
    caplog.set_level(logging.INFO, "parsepy")
    caplog.clear()
    ok(await it.client.post("/functions/add", json={"a": 1, "b": 2}))
    assert told(caplog) == [("info", "the function add ran for nobody")]
    answer = ok(await it.master.get("/scriptlog", params={"n": 1}))
    assert answer[0]["message"] == "the function add ran for nobody"
