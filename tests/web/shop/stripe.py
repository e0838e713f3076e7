"""A payment gateway on this machine: makes payment pages as Stripe does, and tells of payments.

Its page offers what can happen there: to pay, so that the shop hears of it before the customer is
back or after that, and to go back without.
"""

import hashlib
import hmac
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

SECRET = "whsec_of_the_pages"


class Gateway(ThreadingHTTPServer):
    """``pages`` are the payment pages made so far; ``webhook`` is where payments are told.

    ``closed`` has the numbers of those at which nobody pays any more.
    """

    def __init__(self) -> None:
        self.pages: list[dict[str, str]] = []
        self.webhook = ""
        self.closed: set[int] = set()
        super().__init__(("127.0.0.1", 0), Asked)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def settings(self) -> dict[str, str]:
        """The environment of a shop that is paid here."""
        known = {"STRIPE_API_KEY": "sk_test", "STRIPE_WEBHOOK_SECRET": SECRET}
        return {**known, "STRIPE_API_BASE": self.url}

    def make(self, form: dict[str, str]) -> dict[str, Any]:
        """A payment page for what the form says."""
        self.pages.append(form)
        number = len(self.pages) - 1
        url = f"{self.url}/pay/{number}"
        return {"id": f"cs_{number}", "object": "checkout.session", "url": url}

    def tell(self, number: int) -> None:
        """Tell the shop that this page's money has come, signed as Stripe does."""
        form = self.pages[number]
        paid = {
            "id": f"pi_{number}",
            "amount_received": int(form["line_items[0][price_data][unit_amount]"]),
            "currency": form["line_items[0][price_data][currency]"],
            "metadata": {"order": form["payment_intent_data[metadata][order]"]},
        }
        event = {"type": "payment_intent.succeeded", "data": {"object": paid}}
        body, moment = json.dumps(event).encode(), int(time.time())
        signed = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers = {"Stripe-Signature": f"t={moment},v1={signed.hexdigest()}"}
        asked = urllib.request.Request(self.webhook, body, headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.status == 200


class Asked(BaseHTTPRequestHandler):
    """What it answers.

    ``POST /v1/checkout/sessions``, and ``/expire`` below a page's id; a page: ``/pay/N``,
    ``/pay/N/paid``, ``/pay/N/tell``.
    """

    server: Gateway

    def do_POST(self) -> None:
        length = int(self.headers["content-length"] or 0)
        sent = self.rfile.read(length).decode()
        *_, name, what = self.path.split("/")
        if what == "expire":
            self.server.closed.add(int(name.removeprefix("cs_")))
            self._send(json.dumps({"id": name, "object": "checkout.session"}), "application/json")
            return
        form = {k: v[0] for k, v in parse_qs(sent).items()}
        self._send(json.dumps(self.server.make(form)), "application/json")

    def do_GET(self) -> None:
        _, kind, *rest = self.path.split("/")
        if kind != "pay":
            self._send("", "image/x-icon")  # which browsers ask every host for
            return
        number, *what = rest
        page = self.server.pages[int(number)]
        if what == [] and int(number) in self.server.closed:
            self._send("<title>Payment</title><h1>This page has expired.</h1>", "text/html")
            return
        if what == []:
            links = {
                "Pay": f"/pay/{number}/paid",
                "Pay by a slow bank": page["success_url"],
                "Back": page["cancel_url"],
            }
            rows = "".join(f'<p><a href="{to}">{name}</a></p>' for name, to in links.items())
            self._send(f"<title>Payment</title><h1>Payment</h1>{rows}", "text/html")
            return
        self.server.tell(int(number))
        if what == ["paid"]:
            self.send_response(303)
            self.send_header("location", page["success_url"])
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            self._send("told", "text/plain")

    def _send(self, text: str, media_type: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@contextmanager
def stripe() -> Iterator[Gateway]:
    """A gateway until the block ends."""
    with Gateway() as gateway:
        thread = threading.Thread(target=gateway.serve_forever)
        thread.start()
        try:
            yield gateway
        finally:
            gateway.shutdown()
            thread.join()
