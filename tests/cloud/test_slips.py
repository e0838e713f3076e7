"""Slips in cloud code, each with what its author reads: when it is loaded, and when it runs."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from parsepy.cloud.loader import CloudError, load
from tests.cloud.conftest import HEAD, MakeShop
from tests.rest.shop import create, ok

# --- told when it is loaded: the start stops, at the author's line --------------------------------

HOOK = "async def check(request): ..."
LOADED = {
    "@Cloud.before_save": 'a hook has a class: write @Cloud.…("Game") above check',
    "@Cloud.befor_save('Game')": "Cloud has no befor_save; did you mean before_save?",
    "@Cloud.beforeSave('Game')": "Cloud has no beforeSave; in Python it is before_save",
    "@Cloud.before_save('My Game')": "'My Game' can't be the name of a class",
    "@Cloud.before_save(['Game', 'Player'])": "A hook of several classes has a decorator for each",
    "@Cloud.before_save(int)": "<class 'int'> stands for no class of the database",
    "@Cloud.before_login('Game')": "is a hook of _User always: write the decorator without 'Game'",
    "@Cloud.function": 'a function has a name: write @Cloud.function("name") above check',
    "@Cloud.job": 'a job has a name: write @Cloud.job("name") above check',
    "@Cloud.receiver": 'a receiver has a name: write @Cloud.receiver("name") above check',
    "@Cloud.function('f', require_user='yes')": "require_user is True or False, not 'yes'",
    "@Cloud.function('f', require_usr=True)": "did you mean require_user?",
    "@Cloud.function('f', validator=5)": "validator is a function of the request, not 5",
    "@Cloud.function('f', rate_limit={'request_count': 3})": (
        "rate_limit: request_time_window is missing; it takes a number above 0"
    ),
    "@Cloud.function('f', rate_limit={'requestCount': '3', 'requestTimeWindow': 1})": (
        "rate_limit: request_count is '3'; it takes a number above 0"
    ),
    "@Cloud.function('f', fields={'code': {'typ': str}})": "did you mean type?",
    "@Cloud.job('f', schedule='every day')": "'every day' is no cron line",
}


def refusal(tmp_path: Path, code: str) -> str:
    """What the start says of cloud code that it does not load."""
    (tmp_path / "main.py").write_text(HEAD + code)
    with pytest.raises(CloudError) as refused:
        load(tmp_path / "main.py")
    return str(refused.value)


@pytest.mark.parametrize("decorator", LOADED)
def test_a_slip_in_a_decorator_stops_the_start_at_its_line(tmp_path: Path, decorator: str) -> None:
    said = refusal(tmp_path, f"{decorator}\n{HOOK}\n")
    assert LOADED[decorator] in said
    assert 'main.py", line 3' in said


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("@Cloud.function('f')\nasync def f(request):\n    yield 1", "write `return`"),
        ("@Cloud.function('f')\ndef f(request):\n    yield 1", "write `return`"),
        ("Cloud.define_schema('Game', {'name': str})", "Game.name: <class 'str'> is no type"),
        ("from parsepy import Objekt", "did you mean Object?"),
        ("from parsepy import json5", "parsepy has ACL, Answer"),
    ],
)
def test_other_slips_stop_the_start_as_well(tmp_path: Path, code: str, text: str) -> None:
    assert text in refusal(tmp_path, code)


def test_what_is_registered_twice_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    twice = "".join(
        f"@Cloud.{kind}('same')\nasync def {kind}_{n}(request): ...\n"
        for kind in ("function", "job", "receiver")
        for n in (1, 2)
    )
    (tmp_path / "main.py").write_text(HEAD + twice)
    load(tmp_path / "main.py")
    assert [record.getMessage() for record in caplog.records] == [
        f"the {kind} same is registered twice: the last one counts"
        for kind in ("function", "job", "receiver")
    ]


def test_a_call_beside_all_hooks_that_is_not_awaited_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "main.py").write_text(HEAD + "Query('Game').find()\n")
    load(tmp_path / "main.py")
    (told,) = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(
        r"cloud code: Query\.find\(\) was never awaited: .* \(.*main.py:3 .*\)", told
    )


# --- told when it runs: the answer and the log ----------------------------------------------------

AWAITED = "; a call was not awaited: write `await` before it"
RUN = {
    "return [game.id for game in Query('Game').find()]": (
        f"'coroutine' object is not iterable{AWAITED}"
    ),
    "return Query('Game').find()": f"Parse has no type for a coroutine{AWAITED}",
    "return {'games': Query('Game').count()}": f"Parse has no type for a coroutine{AWAITED}",
    "return Query('Game').first().get('name')": (
        f"'coroutine' object has no attribute 'get'{AWAITED}"
    ),
    "return [game.id for game in Query('Game')]": (
        "'Query' object is not iterable; write `await query.find()`, "
        "or `async for … in query.iterate()`"
    ),
    "return Query('Game').equals('name', 'chess')": ("Query has no equals; did you mean equal_to?"),
    "return await Query('Game').find(use_masterkey=True)": (
        "Query.find() got an unexpected keyword argument 'use_masterkey'; "
        "did you mean use_master_key?"
    ),
    "return request.params['nam']": "there is no key 'nam'",
    "return Object('Game')['nam']": "this Game has no nam",
    "return request.params.name": (
        "'dict' object has no attribute 'name'; a key is read by [\"name\"], or .get(\"name\")"
    ),
    "return request.installationId": (
        "'FunctionRequest' object has no attribute 'installationId'; "
        "in Python it is installation_id"
    ),
    "ACL().setPublicReadAccess(True)": (
        "'ACL' object has no attribute 'setPublicReadAccess'; "
        "in Python it is set_public_read_access"
    ),
    "raise ParseError(Code.VALIDATIONERROR, 'no')": (
        "VALIDATIONERROR; did you mean VALIDATION_ERROR?"
    ),
    "return Object('Game').is_new()": (
        "'bool' object is not callable; what is a method in JavaScript may be a property here, "
        "without ()"
    ),
    "Object('Game').set('name')": 'set("name") lacks a value; unset("name") removes the field',
    "return {1, 2}": "Parse has no type for a set; write a list",
    "with Cloud.lock('game'): pass": (
        "'NewLock' object does not support the context manager protocol; write `async with`"
    ),
    "async with Cloud.as_master(): pass": (
        "'NewAsMaster' object does not support the asynchronous context manager protocol; "
        "write `with`, without async"
    ),
    "@Cloud.transaction\n    async def move(): ...": "write @Cloud.transaction(), with parentheses",
}


async def test_an_error_of_python_says_what_to_write_instead(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(
        "".join(
            f"@Cloud.function('f{n}')\nasync def f{n}(request):\n    {code}\n"
            for n, code in enumerate(RUN)
        )
    )
    for n, text in enumerate(RUN.values()):
        caplog.clear()
        answer = (await it.client.post(f"/functions/f{n}", json={"name": "chess"})).json()
        assert answer == {"code": 141, "error": text}
        told = [record.getMessage() for record in caplog.records]
        assert any("was never awaited" in line for line in told) == (AWAITED in text)


@pytest.mark.parametrize("call", ["Cloud.lock(…)", "Cloud.transaction()", "Cloud.as_master()"])
async def test_a_context_that_nobody_enters_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    written = call.replace("…", "'game'")
    it = await shop(
        f"""
        @Cloud.function("forgot")
        async def forgot(request):
            {written}

        @Cloud.function("entered")
        async def entered(request):
            {"with" if "master" in call else "async with"} {written}:
                return 1
        """
    )
    caplog.set_level(logging.WARNING)
    assert ok(await it.client.post("/functions/entered", json={}))["result"] == 1
    assert caplog.records == []
    ok(await it.client.post("/functions/forgot", json={}))
    (line,) = [record.getMessage() for record in caplog.records]
    assert f"the function forgot: {call} was not entered: it did nothing" in line
    assert "main.py:6 in forgot" in line


async def test_what_a_hook_stood_around_and_did_not_make_is_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop(
        """
        @Cloud.around_save("Game")
        async def check(request, proceed): ...
        """
    )
    text = "around_save of Game neither awaited proceed() nor returned an answer."
    answer = (await it.client.post("/classes/Game", json={})).json()
    assert answer == {"code": 141, "error": text}
    assert any(record.getMessage().endswith(text) for record in caplog.records)


async def test_before_find_answers_with_objects(shop: MakeShop) -> None:
    it = await shop(
        """
        @Cloud.before_find("Game")
        async def instead(request):
            return [{"name": "chess"}]
        """
    )
    await create(it.master, "Game")
    answer = (await it.client.get("/classes/Game")).json()
    assert answer["error"] == "before_find returned a list with a dict in it; expected Objects"
