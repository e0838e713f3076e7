"""``Metrics``: figures for Prometheus, counted only if the option ``metrics`` is on."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_SECONDS = 1.0


class Metrics:
    """Counts requests, durations, commands of the database and delays of the event loop.

    Other parts add figures with ``gauge`` and ``counter``.
    """

    def __init__(self) -> None:
        """Make the registry; raises ImportError without the extra ``metrics``."""
        import prometheus_client as prometheus

        self._prometheus: Any = prometheus
        self.registry: Any = prometheus.CollectorRegistry(auto_describe=False)
        self._requests: Any = prometheus.Counter(
            "parsepy_requests", "Answers", ("method", "route", "status"), registry=self.registry
        )
        self._durations: Any = prometheus.Histogram(
            "parsepy_request_seconds",
            "Time to an answer",
            ("route",),
            buckets=_BOUNDS,
            registry=self.registry,
        )
        self._commands: Any = prometheus.Histogram(
            "parsepy_mongodb_seconds",
            "Time of a MongoDB command",
            ("command", "outcome"),
            buckets=_BOUNDS,
            registry=self.registry,
        )
        self._lag: Any = prometheus.Gauge(
            "parsepy_event_loop_lag_seconds",
            "How late the event loop woke a sleeper",
            registry=self.registry,
        )
        prometheus.ProcessCollector(registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._task: asyncio.Task[None] | None = None
        self._server: Any = None

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Add a figure; ``read`` returns it whenever the figures are asked for."""
        self._prometheus.Gauge(name, help, registry=self.registry).set_function(read)

    def counter(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Add a figure that only grows; its name gets the ending ``_total``."""
        from prometheus_client.core import CounterMetricFamily

        self.registry.register(_Counter(lambda: CounterMetricFamily(name, help, value=read())))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request under its route's pattern; paths would be too many."""
        key = (method, route, status)
        known = self._known.get(key)
        if known is None:
            known = self._requests.labels(method, route, status), self._durations.labels(route)
            self._known[key] = known
        known[0].inc()
        known[1].observe(seconds)

    def command(self, name: str, outcome: str, seconds: float) -> None:
        """Count a command that was sent to the database."""
        self._commands.labels(name, outcome).observe(seconds)

    def text(self) -> bytes:
        """Write all figures in Prometheus's text format."""
        text: bytes = self._prometheus.generate_latest(self.registry)
        return text

    def start(self, host: str, port: int | None) -> None:
        """Begin to measure the event loop, and serve the figures on ``port`` if it is given.

        Raises OSError if the port is not free.
        """
        if port is not None:
            self._server = self._prometheus.start_http_server(port, host, self.registry)
        self._task = asyncio.get_running_loop().create_task(self._watch_loop())

    @property
    def port(self) -> int | None:
        """The port on which the figures are served; None if there is none."""
        return None if self._server is None else int(self._server[0].server_port)

    async def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(_LAG_SECONDS)
            self._lag.set(max(0.0, loop.time() - before - _LAG_SECONDS))

    async def stop(self) -> None:
        """Stop measuring and serving."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._server is not None:
            server, thread = self._server
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            await asyncio.to_thread(thread.join)


class _Counter:
    """A counter whose value is read from another part whenever the figures are asked for."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read

    def collect(self) -> Iterable[Any]:
        """Yield the current value; called by the registry."""
        yield self._read()
