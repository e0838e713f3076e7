"""``Telemetry``: the spans and figures of one application, and where they are sent."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from parsepy.version import __version__

SCOPE = "parsepy"
"""The instrumentation scope: the name under which everything is recorded."""
Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Providers:
    """OpenTelemetry's providers of tracers and meters; ``close`` those that are our own."""

    tracers: Any
    meters: Any
    is_own: bool = True

    @classmethod
    def of_environment(cls, service: str) -> "Providers":
        """Those that the process has already, or ones that export by OTLP over HTTP.

        Where the exporter sends to, and how, say OpenTelemetry's own variables
        (``OTEL_EXPORTER_OTLP_ENDPOINT`` and the like). Raises ImportError without the extra.
        """
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.trace import TracerProvider

        if isinstance(trace.get_tracer_provider(), TracerProvider):
            return cls(trace.get_tracer_provider(), metrics.get_meter_provider(), is_own=False)

        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": service, "service.version": __version__})
        tracers = TracerProvider(resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        return cls(tracers, MeterProvider([reader], resource=resource))

    def close(self) -> None:
        """Send what is left, and end the threads that send."""
        if self.is_own:
            self.tracers.shutdown()
            self.meters.shutdown()


class Telemetry:
    """Begins spans and counts; raises ImportError without the extra ``otel``."""

    def __init__(self, providers: Providers) -> None:
        from opentelemetry import propagate, trace

        self._trace: Any = trace
        self._propagate: Any = propagate
        self._providers = providers
        self._tracer = providers.tracers.get_tracer(SCOPE, __version__)
        self._meter = providers.meters.get_meter(SCOPE, __version__)
        self._durations = self._meter.create_histogram(
            "http.server.request.duration", "s", "Time to an answer"
        )
        self._commands = self._meter.create_histogram(
            "db.client.operation.duration", "s", "Time of a MongoDB command"
        )
        self._make_record: Callable[..., logging.LogRecord] | None = None

    # --- spans ----------------------------------------------------------------------------------

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Any]:
        """The span of a request that came in, below the one that its ``traceparent`` names."""
        parent = self._propagate.extract(headers)
        kind = self._trace.SpanKind.SERVER
        attributes = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            method, parent, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    def name_request(self, span: Any, route: str | None, status: int, **attributes: Any) -> None:
        """Name the span of a request after its route; it failed if the server did (5xx)."""
        if not span.is_recording():  # a sampler leaves it out: such a span has no attributes
            return
        span.set_attribute("http.response.status_code", status)
        if route is not None:
            span.update_name(f"{span.attributes['http.request.method']} {route}")
            span.set_attribute("http.route", route)
        for name, value in attributes.items():
            if value is not None:
                span.set_attribute(f"parse.{name}", value)
        if status >= 500:
            self._failed(span, str(status))

    @contextmanager
    def step(self, name: str, attributes: Attributes) -> Iterator[None]:
        """The span of an operation, or of a hook: below whatever runs it.

        An exception ends it as failed, with the exception's type alone: what it says may hold what
        a client has sent.
        """
        with self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                self._failed(span, type(error).__name__)
                raise

    def command(self, name: str, database: str, collection: str | None) -> Any:
        """Begin the span of a MongoDB command; whoever begins it ends it."""
        attributes = {"db.system.name": "mongodb", "db.operation.name": name}
        attributes["db.namespace"] = database
        if collection is not None:
            attributes["db.collection.name"] = collection
        label = name if collection is None else f"{name} {collection}"
        return self._tracer.start_span(
            label, kind=self._trace.SpanKind.CLIENT, attributes=attributes
        )

    def end_command(self, span: Any, failure: str | None) -> None:
        """End the span of a command; ``failure`` is the error's type or code."""
        if failure is not None:
            self._failed(span, failure)
        span.end()

    def outgoing(self, method: str, host: str) -> AbstractContextManager[Any]:
        """The span of a request that the server makes itself."""
        kind = self._trace.SpanKind.CLIENT
        attributes = {"http.request.method": method, "server.address": host}
        span: AbstractContextManager[Any] = self._tracer.start_as_current_span(
            method, kind=kind, attributes=attributes, record_exception=False
        )
        return span

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Write the current span into the headers of a request (W3C's ``traceparent``)."""
        self._propagate.inject(headers)

    def _failed(self, span: Any, error_type: str) -> None:
        span.set_attribute("error.type", error_type)
        span.set_status(self._trace.StatusCode.ERROR)

    # --- figures --------------------------------------------------------------------------------

    def measure_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request under its route's pattern."""
        attributes: dict[str, str | int] = {"http.request.method": method, "http.route": route}
        attributes["http.response.status_code"] = status
        self._durations.record(seconds, attributes)

    def measure_command(self, name: str, outcome: str, seconds: float) -> None:
        """Count a command that was sent to the database."""
        attributes = {"db.system.name": "mongodb", "db.operation.name": name}
        if outcome != "ok":
            attributes["error.type"] = outcome
        self._commands.record(seconds, attributes)

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Add a figure; ``read`` returns it whenever the figures are sent."""
        self._meter.create_observable_gauge(_dotted(name), [_observed(read)], description=help)

    def counter(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Add a figure that only grows."""
        self._meter.create_observable_counter(_dotted(name), [_observed(read)], description=help)

    # --- logs -----------------------------------------------------------------------------------

    def mark_logs(self) -> None:
        """Let each record of the log carry the trace and span that it was written in."""
        make = self._make_record = logging.getLogRecordFactory()

        def make_marked(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = make(*args, **kwargs)
            found = self._trace.get_current_span().get_span_context()
            if found.is_valid:
                record.trace = {
                    "traceId": self._trace.format_trace_id(found.trace_id),
                    "spanId": self._trace.format_span_id(found.span_id),
                }
            return record

        logging.setLogRecordFactory(make_marked)

    async def close(self) -> None:
        """Send what is left."""
        if self._make_record is not None:
            logging.setLogRecordFactory(self._make_record)
            self._make_record = None
        await asyncio.to_thread(self._providers.close)


def _dotted(name: str) -> str:
    """OpenTelemetry's way to write a name: ``parsepy.live.events`` for ``parsepy_live_events``."""
    return name.replace("_", ".")


def _observed(read: Callable[[], float]) -> Callable[[Any], Iterable[Any]]:
    def observe(_: Any) -> Iterable[Any]:
        from opentelemetry.metrics import Observation

        yield Observation(read())

    return observe
