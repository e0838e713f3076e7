"""Options that name a function of the operator's own: password checks, security checks, calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parsepy.adapters import load_function
from parsepy.app import build
from parsepy.config import Config, ConfigError
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp, database_in
from tests.rest.shop import ok, refused, sign_up, unique

CODE = """
from pathlib import Path
from parsepy import Object, Query

TOLD = Path(__file__).with_suffix(".told")

def told(line):
    with TOLD.open("a") as file:
        file.write(line + "\\n")

async def long_enough(password):
    return len(password) >= 8

def has_digit(password):
    return any(letter.isdigit() for letter in password)

def broken(password):
    raise LookupError(password)

def door():
    raise RuntimeError("it is open")

async def window():
    return True

def roof():
    return False

def house():
    line = {"warning": "Anybody comes in.", "solution": "Close it."}
    checks = {"Door": door, "Window": window, "Roof": roof}
    return {
        "name": "House",
        "checks": [{"title": title, "check": check, **line} for title, check in checks.items()],
    }

async def nothing():
    return {"name": "House"}

async def started():
    await Object("Visit", of="start").save()
    told(f"started {await Query('Visit').count()}")

async def before():
    told("before")

def after():
    told("after")

def closed():
    told("closed")
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A file with functions; what they tell stands in `rules.told` beside it."""
    file = tmp_path / "rules.py"
    file.write_text(CODE, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", ["long_enough", "has_digit"])
async def test_a_password_that_the_own_check_does_not_accept_is_refused(
    app: MakeApp, rules: str, name: str
) -> None:
    policy = {"validatorCallback": f"{rules}:{name}", "validationError": "Too weak."}
    client = Client(await app(passwordPolicy=policy))
    user = unique("anna")
    body = {"username": user, "password": "short"}
    assert refused(await client.post("/users", json=body), 142) == "Too weak."
    anna = await sign_up(client, username=user, password="lantern 42")
    refused(await anna.client.put(f"/users/{anna.id}", json={"password": "short"}), 142)
    ok(await client.post("/login", json={"username": user, "password": "lantern 42"}))


async def test_a_pattern_and_the_own_check_both_count(app: MakeApp, rules: str) -> None:
    policy = {"validatorPattern": "[!?]", "validatorCallback": f"{rules}:has_digit"}
    client = Client(await app(passwordPolicy=policy))
    for password in ("lantern 42", "lantern!"):
        body = {"username": unique("anna"), "password": password}
        refused(await client.post("/users", json=body), 142)
    await sign_up(client, password="lantern 42!")


async def test_a_check_that_fails_lets_nobody_in_and_tells_nothing(
    app: MakeApp, rules: str
) -> None:
    client = Client(await app(passwordPolicy={"validatorCallback": f"{rules}:broken"}))
    answer = await client.post("/users", json={"username": unique("anna"), "password": "lantern"})
    assert answer.status_code == 500
    assert "lantern" not in answer.text


async def test_own_checks_stand_in_the_security_report_beside_ours(
    app: MakeApp, rules: str
) -> None:
    options = {"enableCheck": True, "checkGroups": [f"{rules}:house"]}
    master = Client(await app(security=options), master=True)
    groups = ok(await master.get("/security"))["report"]["groups"]
    assert [group["name"] for group in groups][-1] == "House"
    assert len(groups) > 1
    weak = {"state": "fail", "warning": "Anybody comes in.", "solution": "Close it."}
    assert groups[-1]["checks"] == [
        {"title": "Door", **weak},
        {"title": "Window", "state": "success"},
        {"title": "Roof", **weak},
    ]


async def test_a_group_without_checks_stops_the_start(app: MakeApp, rules: str) -> None:
    with pytest.raises(ConfigError, match=r"security.checkGroups: expected .* got dict"):
        await app(security={"enableCheck": True, "checkGroups": [f"{rules}:nothing"]})


async def test_the_server_tells_of_its_start_and_its_end(
    mongo_uri: str, mongo: Any, rules: str
) -> None:
    name = unique("test_calls_")
    options = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "databaseURI": database_in(mongo_uri, name),
        "schema": {
            "definitions": [{"className": "Visit", "fields": {"of": {"type": "String"}}}],
            "beforeMigration": f"{rules}:before",
            "afterMigration": f"{rules}:after",
        },
        "serverStartComplete": f"{rules}:started",
        "serverCloseComplete": f"{rules}:closed",
    }
    told = Path(rules).with_suffix(".told")
    application = build(Config.from_options(options))
    try:
        await application.startup()
        # the class that nobody but the master key may write to is there by then
        assert told.read_text().split("\n") == ["before", "after", "started 1", ""]
        await application.shutdown()
    finally:
        mongo.drop_database(name)
    assert told.read_text().endswith("closed\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rules.py", 'got "rules.py"'),
        ("check", 'got "check"'),
        ("nowhere.py:check", "there is no file"),
        ("{rules}:nosuch", "offers no function nosuch"),
        ("{rules}:TOLD", "offers no function TOLD"),
        ("no.such.module", "no.such can't be imported"),
    ],
)
def test_a_function_that_is_not_there_is_named(
    rules: str, tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_function(name.format(rules=rules), tmp_path, "serverStartComplete")
    assert str(caught.value).startswith("serverStartComplete: ")
    assert message in str(caught.value)


async def test_a_function_may_have_a_dotted_name(tmp_path: Path) -> None:
    package = unique("rules")
    (tmp_path / f"{package}.py").write_text("def double(number): return number * 2")
    assert await load_function(f"{package}.double", tmp_path, "option")(21) == 42
