"""A small HTTP server that webhooks are sent to: keeps what comes, answers as its URL says."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

# What Parse Server sends and we do not, and what depends on the HTTP client.
NOT_COMPARED = ("headers", "log", "sessionToken")


def replying(reply: Any, *, status: int = 200, name: str = "reply") -> str:
    """A path that answers `reply`: a text as it stands, anything else as JSON."""
    text = reply if isinstance(reply, str) else json.dumps(reply)
    return f"/{name}?{urlencode({'reply': text, 'status': status})}"


def echoing(name: str = "echo") -> str:
    """A path that answers `{"success": what it was sent}`, but for `NOT_COMPARED`."""
    return f"/{name}?echo=yes"


def remembered(name: str) -> str:
    """A path that answers with what was last sent to one of that name, likewise.

    Called with `params`, it looks only at bodies that have these; `number` among them says
    how many must have come, which is waited for.
    """
    return f"/last?{urlencode({'of': name})}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that came: its URL, its headers with names in lower case, its JSON body."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def place(self) -> list[str]:
        """The segments of its path."""
        return urlsplit(self.url).path.strip("/").split("/")

    def asked(self) -> dict[str, str]:
        """What its query string asks for."""
        return {name: found[0] for name, found in parse_qs(urlsplit(self.url).query).items()}


@dataclass
class Receiver:
    """Runs while the `with` block does; `deliveries` is what came so far.

    While `is_open` is not set, it answers nothing.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)
    came: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> Self:
        self.is_open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_open.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies that came, in order."""
        return [delivery.body for delivery in self.deliveries]

    def sent_to(self, name: str) -> list[dict[str, Any]]:
        """The bodies that came to a path of that name."""
        return [delivery.body for delivery in self.deliveries if delivery.place[-1] == name]

    def answer(self, delivery: Delivery) -> tuple[int, str]:
        """What a delivery is answered."""
        asked = delivery.asked()
        if "echo" in asked:
            return 200, json.dumps({"success": comparable(delivery.body)})
        if "of" in asked:
            return 200, json.dumps({"success": self._last(delivery, asked["of"])})
        return int(asked.get("status", 200)), asked.get("reply", "")

    def _last(self, delivery: Delivery, name: str) -> Any:
        place = [*delivery.place[:-1], name]
        wanted = dict(delivery.body.get("params") or {})
        number = wanted.pop("number", 0)

        def sent() -> list[Any]:
            bodies = [item.body for item in self.deliveries if item.place == place]
            return [body for body in bodies if wanted.items() <= body.items()]

        with self.came:
            self.came.wait_for(lambda: len(sent()) >= number, 5)
        return comparable(sent()[-1]) if sent() else "nothing was sent"


def comparable(value: Any) -> Any:
    """A body without `NOT_COMPARED`."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items() if key not in NOT_COMPARED}
    return [comparable(item) for item in value] if isinstance(value, list) else value


def _handler(receiver: Receiver) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def version_string(self) -> str:
            """Name no version, which answers that are recorded would hold."""
            return "receiver"

        def date_time_string(self, timestamp: float | None = None) -> str:
            """Return one moment, for the same reason."""
            return "Thu, 01 Jan 1970 00:00:00 GMT"

        def do_POST(self) -> None:
            content = b"".join(self._pieces())
            headers = {name.lower(): value for name, value in self.headers.items()}
            delivery = Delivery(self.path, headers, json.loads(content or b"{}"))
            with receiver.came:
                receiver.deliveries.append(delivery)
                receiver.came.notify_all()
            receiver.is_open.wait(30)
            status, text = receiver.answer(delivery)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status in (301, 302, 307, 308):
                self.send_header("Location", text)
            self.end_headers()
            self.wfile.write(body)

        def _pieces(self) -> Iterator[bytes]:
            if "Content-Length" in self.headers:
                yield self.rfile.read(int(self.headers["Content-Length"]))
                return
            while size := int(self.rfile.readline(), 16):  # Parse Server sends chunks
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler
