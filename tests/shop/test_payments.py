"""Payments: an intent at the gateway, and an order that is paid exactly once (Y1, Y2)."""

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from cloud import gateway
from parsepy.app import Application, build
from parsepy.config import Config
from tests.conftest import Client, database_in
from tests.rest.shop import Shopper, find, ok, refused
from tests.shop.conftest import Shop, line, options

SECRET = "whsec_of_the_test"
DELETE = {"__op": "Delete"}


class Gateway(ThreadingHTTPServer):
    """Answers as Stripe does; `asked` keeps what it was asked, `closed` what was closed.

    `trouble` is a status that closing is refused with, or 0 where it never answers.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.closed: list[str] = []
        self.trouble: int | None = None
        super().__init__(("127.0.0.1", 0), Asked)


class Asked(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        *_, kind, what = self.path.split("/")
        if what in ("expire", "cancel"):
            self._close(kind)
            return
        self.server.asked.append({**form, "key": self.headers["idempotency-key"]})
        answer: dict[str, Any] = {"id": "cs_1", "object": "checkout.session"}
        if self.path == "/v1/checkout/sessions":
            answer["id"] = f"cs_{len(form['success_url'])}"  # other ways back, other pages
            answer["url"] = f"https://checkout.example/{answer['id']}"
        else:
            answer = {"id": "pi_1", "object": "payment_intent", "client_secret": "pi_1_secret"}
            answer["currency"] = form["currency"]
        self._answer(200, answer)

    def _close(self, name: str) -> None:
        if self.server.trouble == 0:
            time.sleep(3)
        elif self.server.trouble is not None:
            error = {"message": "Only open ones can be closed.", "type": "invalid_request_error"}
            self._answer(self.server.trouble, {"error": error})
        else:
            self.server.closed.append(name)
            self._answer(200, {"id": name, "object": "checkout.session"})

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def stripe() -> Iterator[Gateway]:
    with Gateway() as gateway:
        thread = threading.Thread(target=gateway.serve_forever)
        thread.start()
        yield gateway
        gateway.shutdown()
        thread.join()


@pytest.fixture(scope="module")
async def application(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], stripe: Gateway
) -> AsyncIterator[Application]:
    """The shop with a gateway."""
    name = f"test_pay_{uuid4().hex[:12]}"
    settings = options(database_in(mongo_uri, name), "ecommerce.json")
    application = build(Config.from_options(settings))
    await application.startup()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STRIPE_API_KEY", "sk_test")
        environment.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
        environment.setenv("STRIPE_API_BASE", f"http://127.0.0.1:{stripe.server_port}")
        environment.setenv("STRIPE_CURRENCY", "eur")
        yield application
    await application.shutdown()
    mongo.drop_database(name)


async def pending(shop: Shop) -> tuple[Shopper, str]:
    """A shopper and his pending order of 21.00."""
    ann, sku = await shop.shopper(), await shop.sku(5, price=10.5)
    body = {"products": [line(sku, 2)]}
    return ann, ok(await ann.client.post("/classes/Order", json=body), 201)["objectId"]


def message(order: str, amount: int = 2100, currency: str = "eur", intent: str = "pi_1") -> str:
    paid = {"id": intent, "amount_received": amount, "currency": currency}
    data = {"object": {**paid, "metadata": {"order": order}}}
    return json.dumps({"type": "payment_intent.succeeded", "data": data})


async def told(client: Client, text: str, secret: str = SECRET) -> httpx.Response:
    """Send a message as the gateway does."""
    moment = int(time.time())
    signed = hmac.new(secret.encode(), f"{moment}.{text}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={moment},v1={signed}"}
    return await client.post("/webhooks/stripe", content=text, headers=headers)


async def status(shop: Shop, order: str) -> str:
    found: str = ok(await shop.master.get(f"/classes/Order/{order}"))["status"]
    return found


async def test_y1_an_intent_is_made_for_the_orders_total(shop: Shop, stripe: Gateway) -> None:
    ann, order = await pending(shop)
    made = ok(await ann.client.post("/functions/createPayment", json={"order": order}))["result"]
    assert (made["clientSecret"], made["amount"], made["currency"]) == ("pi_1_secret", 21, "eur")
    asked = stripe.asked[-1]
    assert (asked["amount"], asked["metadata[order]"], asked["key"]) == ("2100", order, order)


async def test_y1_nobody_pays_for_anothers_order(shop: Shop) -> None:
    _, order = await pending(shop)
    bob = await shop.shopper()
    refused(await bob.client.post("/functions/createPayment", json={"order": order}), 101, 404)


BACK = "https://shop.example/shop/orders/1?from=list&payment=cancelled"


async def test_y1_the_gateways_page_is_for_the_orders_total_and_leads_back(
    shop: Shop, stripe: Gateway
) -> None:
    ann, order = await pending(shop)
    body = {"order": order, "returnTo": BACK}
    answers = [
        ok(await ann.client.post("/functions/createPaymentPage", json=body))["result"]
        for _ in range(2)
    ]
    assert answers == [{"url": "https://checkout.example/cs_57"}] * 2
    first, second = stripe.asked[-2:]
    assert first == second  # with one key, so that the gateway answers with one page
    assert first["key"].startswith(f"{order}-")
    assert first["line_items[0][price_data][unit_amount]"] == "2100"
    assert first["line_items[0][price_data][currency]"] == "eur"
    assert first["payment_intent_data[metadata][order]"] == order
    assert first["success_url"] == "https://shop.example/shop/orders/1?from=list&payment=done"
    assert first["cancel_url"] == BACK
    assert (await stored(shop, order))["payment"]["state"] == "begun"
    # what comes by the page is told as by an intent
    ok(await told(shop.client, message(order)))
    assert await status(shop, order) == "paid"
    assert refused(await ann.client.post("/functions/createPaymentPage", json=body), 142) == (
        "order: it is paid, not pending"
    )


@pytest.mark.parametrize(
    "address",
    [
        None,
        1,
        "",
        "/orders/1",
        "javascript:alert(1)",
        "http://",
        "http://[",
        f"http://a/{'x' * 1000}",
    ],
)
async def test_y1_an_address_to_come_back_to_is_one_of_the_web(shop: Shop, address: Any) -> None:
    ann, order = await pending(shop)
    body = {"order": order, "returnTo": address}
    answer = await ann.client.post("/functions/createPaymentPage", json=body)
    assert refused(answer, 142) == "returnTo: an absolute address of at most 1000 characters"


async def test_y1_nobody_is_led_to_pay_for_anothers_order(shop: Shop) -> None:
    _, order = await pending(shop)
    bob = await shop.shopper()
    body = {"order": order, "returnTo": BACK}
    refused(await bob.client.post("/functions/createPaymentPage", json=body), 101, 404)


async def test_y2_an_order_is_paid_once_however_often_it_is_told(shop: Shop) -> None:
    _, order = await pending(shop)
    answers = await asyncio.gather(*(told(shop.client, message(order)) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert await status(shop, order) == "paid"
    ok(await shop.master.put(f"/classes/Order/{order}", json={"status": "shipped"}))
    ok(await told(shop.client, message(order)))
    assert await status(shop, order) == "shipped"


async def test_y2_a_wrong_signature_or_amount_pays_nothing(shop: Shop) -> None:
    _, order = await pending(shop)
    assert (await told(shop.client, message(order), secret="wrong")).status_code == 400
    ok(await told(shop.client, message(order, amount=1)))
    assert await status(shop, order) == "pending"


async def test_a_name_that_nobody_receives_is_not_found(shop: Shop) -> None:
    assert (await shop.client.post("/webhooks/nobody", content="x")).status_code == 404


async def test_y2_without_a_secret_no_message_is_believed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    refused(await told(shop.client, message("any"), secret=""), 141)


async def test_y1_without_a_key_no_payment_is_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, order = await pending(shop)
    monkeypatch.delenv("STRIPE_API_KEY")
    refused(await ann.client.post("/functions/createPayment", json={"order": order}), 141)


# --- money that fits no order (S9) --------------------------------------------------------------


async def stored(shop: Shop, order: str) -> dict[str, Any]:
    found: dict[str, Any] = ok(await shop.master.get(f"/classes/Order/{order}"))
    return found


async def test_s9_money_for_a_cancelled_order_is_seen_by_staff_who_refund_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ann, order = await pending(shop)
    staff = await shop.shopper("staff")
    path = f"/classes/Order/{order}"
    ok(await ann.client.put(path, json={"status": "cancelled"}))
    sku = (await stored(shop, order))["products"][0]["sku"]["objectId"]
    for _ in range(2):
        ok(await told(shop.client, message(order)))
    open_ones = await find(staff.client, "Order", {"attention": {"$exists": True}})
    (open_one,) = [found for found in open_ones if found["objectId"] == order]
    assert open_one["attention"] == ["pi_1 paid 2100 eur, but it was cancelled already: refund it"]
    assert [r.levelname for r in caplog.records if "attention" in r.getMessage()] == ["ERROR"]
    refused(await ann.client.put(path, json={"status": "refunded"}), 142)
    ok(await staff.client.put(path, json={"status": "refunded", "attention": DELETE}))
    assert "attention" not in await stored(shop, order)
    assert await shop.stock(sku) == 5  # put back once, when it was cancelled


@pytest.mark.parametrize(
    ("paid", "why"),
    [
        ({"currency": "jpy"}, "pi_1 paid 2100 jpy, but it costs 2100 eur"),
        ({"amount": 2099}, "pi_1 paid 2099 eur, but it costs 2100 eur"),
    ],
)
async def test_s9_another_sum_or_currency_pays_nothing_and_staff_see_it(
    shop: Shop, paid: dict[str, Any], why: str
) -> None:
    ann, order = await pending(shop)
    ok(await told(shop.client, message(order, **paid)))
    found = await stored(shop, order)
    assert (found["status"], found["attention"]) == ("pending", [why])
    refused(await ann.client.put(f"/classes/Order/{order}", json={"attention": DELETE}), 101, 404)


async def test_s9_an_order_that_is_paid_twice_is_seen_by_staff(shop: Shop) -> None:
    _, order = await pending(shop)
    for intent in ("pi_1", "pi_2", "pi_2", "pi_1"):
        ok(await told(shop.client, message(order, intent=intent)))
    found = await stored(shop, order)
    assert (found["status"], found["payment"]["id"]) == ("paid", "pi_1")
    assert found["attention"] == ["pi_2 paid 2100 eur, but it was paid by pi_1 before: refund it"]


async def test_s9_an_order_whose_payment_has_begun_is_cancelled_but_never_vanishes(
    shop: Shop,
) -> None:
    ann, order = await pending(shop)
    path = f"/classes/Order/{order}"
    ok(await ann.client.post("/functions/createPayment", json={"order": order}))
    refused(await ann.client.delete(path), 142)
    ok(await ann.client.put(path, json={"status": "cancelled"}))
    ok(await told(shop.client, message(order)))
    assert len((await stored(shop, order))["attention"]) == 1


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.slow)])
async def test_s9_an_order_that_is_paid_and_cancelled_at_once_is_one_of_both_and_told(
    shop: Shop, rounds: int
) -> None:
    for _ in range(rounds):
        ann, order = await pending(shop)
        path = f"/classes/Order/{order}"
        cancelled, _ = await asyncio.gather(
            ann.client.put(path, json={"status": "cancelled"}),
            told(shop.client, message(order)),
        )
        found = await stored(shop, order)
        left = await shop.stock(found["products"][0]["sku"]["objectId"])
        if cancelled.status_code == 200:  # before it was paid
            assert (found["status"], len(found["attention"]), left) == ("cancelled", 1, 5)
        else:
            assert (found["status"], found.get("attention"), left) == ("paid", None, 3)


@pytest.mark.parametrize(
    ("currency", "price", "asked"), [("jpy", 1000, "2000"), ("KWD", 1.25, "2500")]
)
async def test_s9_an_amount_is_told_in_the_smallest_unit_of_its_currency(
    shop: Shop,
    stripe: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    currency: str,
    price: float,
    asked: str,
) -> None:
    monkeypatch.setenv("STRIPE_CURRENCY", currency)
    ann, sku = await shop.shopper(), await shop.sku(5, price=price)
    body = {"products": [line(sku, 2)]}
    order = ok(await ann.client.post("/classes/Order", json=body), 201)["objectId"]
    ok(await ann.client.post("/functions/createPayment", json={"order": order}))
    assert stripe.asked[-1]["amount"] == asked
    ok(await told(shop.client, message(order, int(asked), currency.lower())))
    assert await status(shop, order) == "paid"


async def test_s9_what_a_currency_can_not_say_is_not_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_CURRENCY", "jpy")
    ann, sku = await shop.shopper(), await shop.sku(5, price=10.5)
    body = {"products": [line(sku)]}
    order = ok(await ann.client.post("/classes/Order", json=body), 201)["objectId"]
    answer = await ann.client.post("/functions/createPayment", json={"order": order})
    assert refused(answer, 142) == "total: 10.5 can't be paid in jpy"


# --- what is open at the gateway ------------------------------------------------------------------


@pytest.fixture
def closed(stripe: Gateway) -> Iterator[list[str]]:
    """What the gateway is asked to close during a test."""
    stripe.closed.clear()
    yield stripe.closed
    stripe.trouble = None


async def page(shopper: Shopper, order: str, back: str = "https://shop.example/") -> None:
    """Go to the gateway's page, from which one comes back to this address."""
    body = {"order": order, "returnTo": back}
    ok(await shopper.client.post("/functions/createPaymentPage", json=body))


@pytest.mark.parametrize("by", ["customer", "staff"])
async def test_y3_a_cancelled_order_can_not_be_paid_at_the_gateway_any_more(
    shop: Shop, closed: list[str], by: str
) -> None:
    ann, order = await pending(shop)
    await page(ann, order)
    ok(await ann.client.post("/functions/createPayment", json={"order": order}))
    who = ann if by == "customer" else await shop.shopper("staff")
    ok(await who.client.put(f"/classes/Order/{order}", json={"status": "cancelled"}))
    assert sorted(closed) == ["cs_34", "pi_1"]
    assert await status(shop, order) == "cancelled"


async def test_y3_of_a_paid_order_the_other_pages_are_closed(shop: Shop, closed: list[str]) -> None:
    ann, order = await pending(shop)
    await page(ann, order)
    ok(await ann.client.post("/functions/createPayment", json={"order": order}))
    ok(await told(shop.client, message(order)))
    assert await status(shop, order) == "paid"
    assert closed == ["cs_34"]  # not the intent that was paid


async def test_y3_an_order_that_the_staff_delete_is_not_paid_for(
    shop: Shop, closed: list[str]
) -> None:
    ann, order = await pending(shop)
    await page(ann, order)
    ok(await shop.master.delete(f"/classes/Order/{order}"))
    assert closed == ["cs_34"]


async def test_y3_few_pages_are_open_at_a_time(shop: Shop, closed: list[str]) -> None:
    ann, order = await pending(shop)
    for number in range(12):
        await page(ann, order, f"https://shop.example/{'x' * number}")
    assert closed == ["cs_34", "cs_35"]
    open_ones = (await stored(shop, order))["payment"]["open"]
    assert open_ones == [f"cs_{number}" for number in range(36, 46)]


@pytest.mark.parametrize("trouble", [400, 500, 0])
async def test_y3_a_gateway_that_does_not_close_keeps_nobody_from_cancelling(
    shop: Shop,
    stripe: Gateway,
    closed: list[str],
    trouble: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("cloud.gateway._CLOSE_SECONDS", 0.2)
    ann, order = await pending(shop)
    await page(ann, order)
    stripe.trouble = trouble
    began = time.monotonic()
    ok(await ann.client.put(f"/classes/Order/{order}", json={"status": "cancelled"}))
    assert time.monotonic() - began < 2.5
    assert await status(shop, order) == "cancelled"
    assert "cs_34 of order" in caplog.text
    # what is paid there all the same is told to the staff
    ok(await told(shop.client, message(order)))
    assert "cancelled already: refund it" in (await stored(shop, order))["attention"][0]


async def test_y3_who_is_led_to_pay_while_the_order_is_cancelled_finds_the_page_closed(
    shop: Shop, closed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, order = await pending(shop)

    async def made_late(*arguments: Any) -> Any:
        answer = await gateway.made(*arguments)
        ok(await ann.client.put(f"/classes/Order/{order}", json={"status": "cancelled"}))
        return answer

    monkeypatch.setattr("cloud.payments.made", made_late)
    body = {"order": order, "returnTo": "https://shop.example/"}
    answer = await ann.client.post("/functions/createPaymentPage", json=body)
    assert refused(answer, 142) == "order: it is cancelled, not pending"
    assert closed == ["cs_34"]
