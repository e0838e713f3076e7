"""What operators ask: logs, report of weaknesses, job schedules, figures; what clients tell."""

import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from parsepy.config import Config, ConfigError
from parsepy.errors import Code
from parsepy.rest import routes, system
from parsepy.triggers import Event, Job
from tests.conftest import MASTER_KEY, Client, MakeApp
from tests.rest.shop import READ_ONLY_KEY, item_of_batch, ok, refused, unique

LIMIT = {"requestPath": "/login", "requestTimeWindow": 1000, "requestCount": 1}
Started = Callable[..., Awaitable[Client]]


@pytest.fixture
def started(app: MakeApp, shop_uri: str) -> Started:
    """The holder of the master key at a server with these options."""

    async def make(**options: Any) -> Client:
        return Client(await app(databaseURI=shop_uri, **options), master=True)

    return make


ADMIN = ["/scriptlog", "/security", "/serverInfo", "/metrics", "/cloud_code/jobs"]


@pytest.mark.parametrize("path", [*ADMIN, "/cloud_code/jobs/data"])
async def test_a_client_is_told_nothing_of_all_this(client: Client, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()) == (403, {"error": "Permission denied"})


# --- features -----------------------------------------------------------------------------------


async def test_a_feature_is_there_if_its_route_is(master: Client) -> None:
    features = ok(await master.get("/serverInfo"))["features"]
    assert set(features["globalConfig"].values()) == {True}
    assert features["cloudCode"] == {"jobs": True}
    assert features["logs"] == dict.fromkeys(["level", "size", "order", "until", "from"], True)
    assert features["schemas"]["exportClass"] is False
    mounted = {(r.method, r.path.split("/")[1]) for r in routes()}
    for group, members in system.FEATURES.items():
        for name, needed in members.items():
            there = needed is not None and (needed[0], needed[1].split("/")[0]) in mounted
            there &= group != "push" or name in ("pushAudiences", "localization")  # none configured
            assert features[group][name] is there, (group, name)


# --- logs ---------------------------------------------------------------------------------------


async def test_the_last_lines_are_a_bare_array(master: Client) -> None:
    log = logging.getLogger("parsepy")
    first, second = unique("first"), unique("second")
    log.warning(first)
    log.error(second)
    lines = ok(await master.get("/scriptlog", params={"size": 2}))
    assert [(line["level"], line["message"]) for line in lines] == [
        ("error", second),
        ("warn", first),
    ]
    since = {"from": lines[1]["timestamp"], "order": "asc", "_method": "GET"}
    again = ok(await master.post("/scriptlog", json={"n": 2, **since}))
    assert [line["message"] for line in again] == [first, second]
    errors = ok(await master.get("/scriptlog", params={"level": "error", "n": 1}))
    assert [line["message"] for line in errors] == [second]


async def test_what_a_start_tells_is_in_the_log(
    app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "parsepy")
    role = unique("packers")
    template = tmp_path / "shop.json"
    template.write_text(json.dumps({"classes": [], "roles": [{"name": role}]}))
    async with Client(await app(schema=[str(template)]), master=True) as master:
        lines = ok(await master.get("/scriptlog", params={"n": 100}))
    assert f"role made: {role}" in [line["message"] for line in lines]


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2200-01-01T00:00:00.000Z"},
        {"until": "2000-01-01T00:00:00.000Z"},
        {"from": "7300000000000"},
    ],
)
async def test_lines_of_another_time_are_not_told(master: Client, params: Any) -> None:
    logging.getLogger("parsepy").error("now")
    assert ok(await master.get("/scriptlog", params=params)) == []


@pytest.mark.parametrize("params", [{"n": "many"}, {"level": "loud"}, {"from": "once"}])
async def test_what_can_t_be_read_counts_as_not_asked(master: Client, params: Any) -> None:
    logging.getLogger("parsepy").error("a line")
    assert len(ok(await master.get("/scriptlog", params=params))) >= 1


async def test_verbose_servers_log_each_request_and_no_secret(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "parsepy.request")
    master = await started(verbose=True)
    body = {"username": unique("ann"), "password": "SECRET"}
    anybody = Client(master.application)
    user = ok(await anybody.post("/users?password=SECRET", json=body), 201)
    own = master.as_user(user["sessionToken"])
    caplog.clear()
    response = await own.get("/classes/Product/nosuch?keys=SECRET")
    refused(response, Code.OBJECT_NOT_FOUND, 404)
    (line,) = [r for r in caplog.records if r.name == "parsepy.request"]
    fields: dict[str, Any] = line.__dict__["fields"]
    assert fields.pop("durationMs") > 0
    assert fields == {
        "requestId": response.headers["X-Request-Id"],
        "method": "GET",
        "path": "/parse/classes/Product/nosuch",
        "status": 404,
        "code": 101,
        "ip": "127.0.0.1",
        "userId": user["objectId"],
    }
    assert "SECRET" not in str(fields)


async def test_other_servers_log_no_requests(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "parsepy.request")
    ok(await client.get("/classes/Product"))
    assert [r for r in caplog.records if r.name == "parsepy.request"] == []


async def test_a_failure_of_ours_is_found_by_its_request_id(
    master: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: Any, **options: Any) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(master.application.backend.storage.settings, "read", fail)
    response = await master.get("/config")
    assert response.status_code == 500
    (line,) = ok(await master.get("/scriptlog", params={"level": "error", "n": 1}))
    assert response.headers["X-Request-Id"] in line["message"]
    assert "a bug" in line["stack"]
    assert "a bug" not in response.text


# --- the report of weaknesses -------------------------------------------------------------------


def states(report: Any) -> dict[str, str]:
    return {c["title"]: c["state"] for g in report["groups"] for c in g["checks"]}


async def test_the_report_has_to_be_asked_for(master: Client) -> None:
    response = await master.get("/security")
    assert response.status_code == 409
    assert "security.enableCheck" in response.json()["error"]


async def test_the_report_names_what_is_weak_and_what_helps(started: Started) -> None:
    master = await started(
        security={"enableCheck": True}, masterKeyIps=["0.0.0.0/0"], enforcePrivateUsers=False
    )
    report = ok(await master.get("/security"))["report"]
    assert report["state"] == "fail"
    found = states(report)
    assert found["Users are private"] == found["Master key is bound to addresses"] == "fail"
    assert found["Refusals tell nothing"] == "success"
    checks = [c for g in report["groups"] for c in g["checks"]]
    assert all(("solution" in c) is (c["state"] == "fail") for c in checks)


async def test_a_careful_server_has_nothing_to_report(app: MakeApp) -> None:
    server = await app(
        security={"enableCheck": True},
        allowClientClassCreation=False,
        masterKey="k9-Zf3!pqLw8_tXv2Rm5aB7c",
        publicServerURL="https://shop.example.com/parse",
        accountLockout={"duration": 5, "threshold": 3},
    )
    headers = {"X-Parse-Master-Key": "k9-Zf3!pqLw8_tXv2Rm5aB7c"}
    report = ok(await Client(server).get("/security", headers=headers))["report"]
    assert [title for title, state in states(report).items() if state == "fail"] == [
        "Database has a password"
    ]


async def test_a_class_that_is_open_to_all_is_named(app: MakeApp) -> None:
    master = Client(await app(security={"enableCheck": True}), master=True)
    ok(await master.post("/schemas/Wall", json={}))
    report = ok(await master.get("/security"))["report"]
    (check,) = report["groups"][-1]["checks"]
    assert "Wall (create, update, delete, addField)" in check["warning"]


async def test_weaknesses_can_be_logged_at_the_start(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    await started(security={"enableCheckLog": True}, enforcePrivateUsers=False)
    assert any("Users are private" in record.message for record in caplog.records)


# --- job schedules ------------------------------------------------------------------------------


@pytest.fixture
async def jobs(started: Started) -> Client:
    """The master key's holder at a shop that has a job."""
    master = await started(readOnlyMasterKey=READ_ONLY_KEY)

    async def count_stock(event: Event) -> None:
        """Never runs here."""

    master.application.backend.triggers.jobs["countStock"] = Job(count_stock)
    for row in ok(await master.get("/cloud_code/jobs")):
        ok(await master.delete(f"/cloud_code/jobs/{row['objectId']}"))
    return master


def schedule(name: str, **more: Any) -> dict[str, Any]:
    return {"job_schedule": {"jobName": name, **more}}


async def test_a_schedule_is_made_changed_and_deleted(jobs: Client) -> None:
    body = schedule("countStock", description="at night", params="{}", repeatMinutes=60)
    made = ok(await jobs.post("/cloud_code/jobs", json=body), 201)
    (row,) = ok(await jobs.get("/cloud_code/jobs"))
    assert row["jobName"] == "countStock"
    assert row["startAfter"].startswith("20")
    path = f"/cloud_code/jobs/{made['objectId']}"
    answer = ok(await jobs.put(path, json=schedule("countStock", repeatMinutes=30)))
    assert list(answer["response"]) == ["updatedAt"]
    assert ok(await jobs.get("/cloud_code/jobs"))[0]["repeatMinutes"] == 30
    assert ok(await jobs.delete(path)) == {}
    assert ok(await jobs.get("/cloud_code/jobs")) == []


async def test_jobs_and_those_in_use_are_told(jobs: Client) -> None:
    assert ok(await jobs.get("/cloud_code/jobs/data")) == {"in_use": [], "jobs": ["countStock"]}
    ok(await jobs.post("/cloud_code/jobs", json=schedule("countStock")), 201)
    answer = ok(await jobs.get("/cloud_code/jobs/data"))
    assert answer == {"in_use": ["countStock"], "jobs": ["countStock"]}


async def test_a_job_that_does_not_exist_can_t_be_scheduled(jobs: Client) -> None:
    response = await jobs.post("/cloud_code/jobs", json=schedule("nosuch"))
    message = refused(response, Code.INTERNAL_SERVER_ERROR, 500)
    assert message == "Cannot Schedule a job that is not deployed"
    refused(await jobs.post("/cloud_code/jobs", json={}), Code.INVALID_JSON)
    assert ok(await jobs.get("/cloud_code/jobs")) == []


async def test_the_read_only_key_schedules_nothing(jobs: Client) -> None:
    made = ok(await jobs.post("/cloud_code/jobs", json=schedule("countStock")), 201)
    jobs.headers["X-Parse-Master-Key"] = READ_ONLY_KEY
    path = f"/cloud_code/jobs/{made['objectId']}"
    for response in (
        await jobs.post("/cloud_code/jobs", json=schedule("countStock")),
        await jobs.put(path, json=schedule("countStock")),
        await jobs.delete(path),
    ):
        refused(response, Code.OPERATION_FORBIDDEN)
    assert len(ok(await jobs.get("/cloud_code/jobs"))) == 1


# --- events and receipts ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["AppOpened", "purchase"])
async def test_an_event_is_thanked_for(client: Client, name: str) -> None:
    assert ok(await client.post(f"/events/{name}", json={"dimensions": {"a": "b"}})) == {}


ANALYTICS = """
class adapter:
    def __init__(self, shop):
        self.shop = shop

    async def app_opened(self, parameters, request):
        return {"opened": self.shop}

    async def track_event(self, name, parameters, request):
        if name == "broken":
            raise OSError("the statistics are away")
        return {name: parameters["dimensions"]}
"""


async def test_an_adapter_takes_events(started: Started, tmp_path: Path) -> None:
    (tmp_path / "statistics.py").write_text(ANALYTICS)
    module = {"module": str(tmp_path / "statistics.py"), "options": {"shop": "toys"}}
    client = Client((await started(analyticsAdapter=module)).application)
    assert ok(await client.post("/events/AppOpened", json={})) == {"opened": "toys"}
    seen = {"dimensions": {"a": "b"}}
    assert ok(await client.post("/events/seen", json=seen)) == {"seen": {"a": "b"}}
    assert ok(await client.post("/events/broken", json={})) == {}


async def test_an_adapter_that_takes_no_events_stops_the_start(
    started: Started, tmp_path: Path
) -> None:
    (tmp_path / "mute.py").write_text("class adapter:\n    pass\n")
    with pytest.raises(ConfigError, match=r"analyticsAdapter: .* has no method app_opened"):
        await started(analyticsAdapter={"module": str(tmp_path / "mute.py")})


@pytest.mark.parametrize(
    ("package", "options", "message"),
    [
        ("redis.asyncio", {"rateLimit": [{**LIMIT, "redisUrl": "redis://x"}]}, "redis"),
        ("prometheus_client", {"metrics": {"enabled": True}}, "metrics"),
    ],
)
async def test_without_its_extra_a_start_says_what_to_install(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch, package: str, options: Any, message: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"pip install 'parsepy-server\[{message}\]'"):
        await app(**options)


async def test_a_receipt_is_not_validated(client: Client) -> None:
    response = await client.post("/validate_purchase", json={"receipt": "x"})
    assert refused(response, Code.INVALID_JSON) == "missing receipt or productIdentifier"
    body = {"receipt": "x", "productIdentifier": "y"}
    refused(await client.post("/validate_purchase", json=body), Code.COMMAND_UNAVAILABLE)


# --- figures ------------------------------------------------------------------------------------


async def test_figures_are_off_unless_asked_for(master: Client) -> None:
    assert (await master.get("/metrics")).status_code == 404


async def test_a_batch_may_ask_for_figures(started: Started) -> None:
    master = await started(metrics={"enabled": True})
    items = [{"method": "GET", "path": f"/parse/{name}"} for name in ("config", "metrics")]
    config, figures = ok(await master.post("/batch", json={"requests": items}))
    assert "params" in config["success"]
    assert "parsepy_requests_total" in figures["success"]


async def test_figures_count_requests_by_route_and_status(started: Started) -> None:
    master = await started(metrics={"enabled": True})
    anybody = Client(master.application)
    for _ in range(3):
        await anybody.get("/classes/Product")
    await anybody.get("/no/such/route")
    text = (await master.get("/metrics")).text
    route = 'method="GET",route="/classes/:className",status="200"'
    assert f"parsepy_requests_total{{{route}}} 3.0" in text
    assert 'route="none",status="404"' in text
    assert 'parsepy_mongodb_seconds_count{command="find",outcome="ok"}' in text
    assert "parsepy_event_loop_lag_seconds" in text
    assert "parsepy_cached_sessions 0.0" in text


async def test_made_up_methods_and_paths_make_no_new_figures(started: Started) -> None:
    master = await started(metrics={"enabled": True})
    for name in ("AAA", "BBB"):
        await master.request(name, f"/{name}")
    text = (await master.get("/metrics")).text
    assert 'parsepy_requests_total{method="other",route="none",status="404"} 2.0' in text


async def test_figures_may_have_a_port_of_their_own(started: Started) -> None:
    master = await started(metrics={"enabled": True, "port": 0})
    metrics = master.application.backend.metrics
    assert metrics is not None
    async with httpx.AsyncClient() as prometheus:
        answer = await prometheus.get(f"http://127.0.0.1:{metrics.port}/metrics")
    assert "parsepy_requests_total" in answer.text


# --- every write path is scanned for denied keywords --------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/classes/Wall", {"a": {"constructor": 1}}),
        ("POST", "/users", {"username": "x", "password": "y", "a": {"__proto__": 1}}),
        ("POST", "/installations", {"deviceType": "ios", "a": {"constructor": 1}}),
        ("PUT", "/config", {"params": {"a": {"b": {"_bsontype": "Code"}}}}),
        ("POST", "/cloud_code/jobs", {"job_schedule": {"params": {"constructor": 1}}}),
        ("POST", "/roles", {"name": "r", "ACL": {}, "a": [{"constructor": 1}]}),
    ],
)
async def test_a_denied_keyword_is_refused(
    master: Client, method: str, path: str, body: Any
) -> None:
    refused(await master.request(method, path, json=body), Code.INVALID_KEY_NAME)
    batch = {"requests": [item_of_batch(method, path, body)]}
    (answer,) = ok(await master.post("/batch", json=batch))
    assert answer["error"]["code"] == Code.INVALID_KEY_NAME


def test_the_options_of_logs_and_figures_are_checked() -> None:
    for wrong in ({"maxLogFiles": "many"}, {"metrics": {"port": -1}}, {"trustProxy": "x"}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            Config.from_options({"masterKey": MASTER_KEY, **wrong})


def test_the_options_that_the_manual_shows_are_accepted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    shown = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shown += re.findall(r'`(\{"(?:security|metrics)".*?\}\})`', page)
    assert len(shown) == 4
    for text in shown:
        config = Config.from_options({"masterKey": MASTER_KEY, **json.loads(text)})
        assert config.ineffective == ()
