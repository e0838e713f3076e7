"""What OpenTelemetry is told of requests, operations, commands and hooks."""

import asyncio
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from parsepy.config import ConfigError
from parsepy.logs import JSONLines
from parsepy.outgoing import Outgoing
from parsepy.telemetry import Providers, Telemetry
from tests.conftest import Client, MakeApp
from tests.rest.shop import create, ok, refused

MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"
CLOUD = """
from parsepy import Cloud, ParseError, Query

@Cloud.before_save("Order")
async def count(request):
    request.object.set("number", 1 + await Query("Order").count(use_master_key=True))

@Cloud.function("refuse")
async def refuse(request):
    raise ParseError(142, "secret words")

@Cloud.function("crash")
async def crash(request):
    raise RuntimeError("secret words")
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Recorded:
    """What was recorded so far."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.providers = Providers(tracers, MeterProvider([self.reader]))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended."""
        return self.exporter.get_finished_spans()

    def tree(self) -> list[str]:
        """Their names in the order of their beginnings, each indented below its parent."""
        ids = {span.context.span_id: span for span in self.spans if span.context is not None}

        def depth(span: ReadableSpan) -> int:
            parent = ids.get(span.parent.span_id) if span.parent is not None else None
            return 0 if parent is None else 1 + depth(parent)

        began = sorted(self.spans, key=lambda span: span.start_time or 0)
        return ["  " * depth(span) + span.name for span in began]

    def one(self, name: str) -> ReadableSpan:
        """The only span of this name."""
        (span,) = [span for span in self.spans if span.name == name]
        return span

    def figures(self) -> dict[str, list[dict[str, Any]]]:
        """The figures by their names: the attributes of their points, with the value."""
        data: Any = self.reader.get_metrics_data()
        return {
            metric.name: [
                {**point.attributes, "value": getattr(point, "count", None) or point.value}
                for point in metric.data.data_points
            ]
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Record in memory instead of sending to a collector."""
    made = Recorded()
    monkeypatch.setattr(Providers, "of_environment", lambda service: made.providers)
    return made


@pytest.fixture
async def client(app: MakeApp, recorded: Recorded, tmp_path: Path) -> Client:
    """A client of an application that records."""
    (tmp_path / "main.py").write_text(CLOUD)
    made = await app(telemetry={"enabled": True}, cloud=str(tmp_path / "main.py"))
    await create(Client(made), "Order", total=1)
    recorded.exporter.clear()
    return Client(made)


async def test_an_order_is_the_trace_that_the_manual_shows(
    client: Client, recorded: Recorded
) -> None:
    await create(client, "Order", total=5)
    shown = re.search(r"```text\n(POST .*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert recorded.tree() == shown[1].rstrip().split("\n")


async def test_a_request_goes_on_with_the_trace_of_who_sends_it(
    client: Client, recorded: Recorded
) -> None:
    answer = await client.get("/classes/Order", headers={"traceparent": PARENT})
    span = recorded.one("GET /classes/:className")
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{span.parent.span_id:016x}" == PARENT.split("-")[2]
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/classes/:className",
        "parse.request_id": answer.headers["x-request-id"],
        "parse.path": "/parse/classes/Order",
    }


async def test_a_request_that_a_sampler_leaves_out_is_answered_all_the_same(
    client: Client, recorded: Recorded
) -> None:
    unsampled = {"traceparent": PARENT.removesuffix("01") + "00"}
    ok(await client.get("/classes/Order", headers=unsampled))
    ok(await client.post("/functions/refuse", json={}, headers=unsampled), 400)
    assert recorded.spans == ()


async def test_names_alone_are_recorded(client: Client, recorded: Recorded) -> None:
    await client.get("/classes/Order", params={"where": json.dumps({"note": "s3cret"})})
    await client.post("/functions/refuse", json={"code": "s3cret"})
    await client.post("/functions/crash", json={"code": "s3cret"})
    told = json.dumps([json.loads(span.to_json() or "{}") for span in recorded.spans])
    assert "s3cret" not in told
    assert "secret words" not in told


async def test_what_failed_says_so(client: Client, recorded: Recorded) -> None:
    assert (await client.post("/functions/crash", json={})).status_code == 400
    hook, request = recorded.one("the function crash"), recorded.one("POST /functions/:name")
    assert (hook.status.is_ok, (hook.attributes or {})["error.type"]) == (False, "RuntimeError")
    assert request.status.is_unset  # the client's errors are no failure of the server
    assert (request.attributes or {})["parse.error_code"] == 141


async def test_the_items_of_a_batch_are_operations_of_their_own(
    client: Client, recorded: Recorded
) -> None:
    item = {"method": "GET", "path": "/parse/classes/Order"}
    ok(await client.post("/batch", json={"requests": [item, item]}))
    assert recorded.tree().count("    find_many Order") == 2
    nested = {"requests": [{"method": "POST", "path": "/parse/batch", "body": {}}]}
    refused(await client.post("/batch", json=nested), 107)


async def test_lines_of_the_log_carry_the_trace(
    client: Client, recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "parsepy"):
        await client.post("/functions/refuse", json={})
    (record,) = [r for r in caplog.records if "refuse" in r.getMessage()]
    line, span = json.loads(JSONLines().format(record)), recorded.one("the function refuse")
    assert span.parent is not None
    assert line["traceId"] == f"{span.parent.trace_id:032x}"
    assert line["spanId"] == f"{span.parent.span_id:016x}"  # it is told when the hook is over


async def test_figures_are_sent_as_well(client: Client, recorded: Recorded) -> None:
    await client.get("/classes/Order")
    await client.get("/classes/Order/nobody")
    found = recorded.figures()
    statuses = {
        point["http.response.status_code"]
        for point in found["http.server.request.duration"]
        if point["http.route"].startswith("/classes/:className")
    }
    assert {200, 404} <= statuses
    assert "find" in {p["db.operation.name"] for p in found["db.client.operation.duration"]}
    (classes,) = found["parsepy.classes"]
    assert classes["value"] > 3


async def test_other_services_are_told_the_trace(recorded: Recorded) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    outgoing = Outgoing(transport=httpx.MockTransport(answer))
    outgoing.tracing = Telemetry(recorded.providers)
    await outgoing.post("https://hooks.example/total?key=s3cret", b"{}")
    await outgoing.close()
    span = recorded.one("POST")
    assert span.context is not None
    assert (span.attributes or {})["server.address"] == "hooks.example"
    assert seen[0].headers["traceparent"].split("-")[2] == f"{span.context.span_id:016x}"


async def test_without_the_option_nothing_is_recorded_and_nothing_loaded(app: MakeApp) -> None:
    application = await app()
    assert application.backend.telemetry is None
    code = "import parsepy.app, sys; sys.exit(any('opentelemetry' in name for name in sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which OpenTelemetry is not installed."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)


@pytest.mark.usefixtures("without_the_extra")
async def test_without_the_extra_the_start_says_what_to_install(app: MakeApp) -> None:
    with pytest.raises(ConfigError, match=r"pip install 'parsepy-server\[otel\]'"):
        await app(telemetry={"enabled": True})


async def test_what_was_recorded_is_sent_to_the_collector_that_the_environment_names(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch, collector: Callable[[], set[str]]
) -> None:
    made = await app(telemetry={"enabled": True, "serviceName": "shop"})
    await Client(made).get("/classes/Order")
    await made.shutdown()
    assert collector() == {"/v1/traces", "/v1/metrics"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], set[str]]]:
    """A collector of OTLP over HTTP: the paths that were posted to it, with the service's name."""
    posted: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if b"shop" in body or self.headers.get("Content-Encoding"):
                posted.add(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield lambda: posted
    server.shutdown()
    thread.join()
    server.server_close()
