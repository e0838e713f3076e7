"""Payments by Stripe: an intent for an order, and the order paid when Stripe says so (Y1, Y2)."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cloud.gateway import Gateway, close, gateway, library, made, open_at_gateway, units
from cloud.orders import OF_PAYMENT, tell_customer
from cloud.rules import caller, refuse, turn_of
from parsepy import (
    Answer,
    Cloud,
    Code,
    FunctionRequest,
    Object,
    ParseError,
    Query,
    ReceivedRequest,
)

_LONGEST = 1000  # of an address to come back to
_MOST_OPEN = 10  # pages and intents of an order at a time: the oldest is closed for one more


@Cloud.function("createPayment", require_user=True)
async def create_payment(request: FunctionRequest) -> dict[str, Any]:
    """A payment intent for a pending order of the caller; the same order, the same intent."""  # Y1
    at = gateway()
    order, amount = await _begin(request, at)
    params = {"amount": amount, "currency": at.currency, "metadata": {"order": str(order.id)}}
    intent = await made(at, "payment_intents", params, str(order.id))
    await _opened(order, intent["id"])
    return {
        "id": intent["id"],
        "clientSecret": intent["client_secret"],
        "amount": order.get("total"),
        "currency": intent["currency"],
    }


@Cloud.function("createPaymentPage", require_user=True)
async def create_payment_page(request: FunctionRequest) -> dict[str, str]:
    """The address of the gateway's own page, at which the caller pays a pending order.

    ``{order, returnTo}``; answers ``{url}``. From there the customer comes back to ``returnTo``,
    to which ``payment=done`` or ``payment=cancelled`` is added. Done says that they have paid; that
    the money has come, the gateway tells the server, sooner or later than that.
    """
    at, back = gateway(), _address(request.params.get("returnTo"))
    order, amount = await _begin(request, at)
    object_id = str(order.id)
    item = {"currency": at.currency, "unit_amount": amount}
    params = {
        "mode": "payment",
        "line_items": [
            {"quantity": 1, "price_data": {**item, "product_data": {"name": f"Order {object_id}"}}}
        ],
        "client_reference_id": object_id,
        "payment_intent_data": {"metadata": {"order": object_id}},
        "success_url": _with_outcome(back, "done"),
        "cancel_url": _with_outcome(back, "cancelled"),
    }
    # who goes back and pays later is led to the same page, so that nobody pays twice
    place = hashlib.sha256(f"{amount} {at.currency} {back}".encode()).hexdigest()[:16]
    page = await made(at, "checkout.sessions", params, f"{object_id}-{place}")
    await _opened(order, page["id"])
    return {"url": page["url"]}


def _address(value: Any) -> str:
    """An absolute address of the web; refuses what is none."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in ("http", "https") and parts.hostname:
            return value
    raise refuse("returnTo", f"an absolute address of at most {_LONGEST} characters")


def _with_outcome(address: str, outcome: str) -> str:
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, True) if pair[0] != "payment"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("payment", outcome)])))


async def _begin(request: FunctionRequest, at: Gateway) -> tuple[Object, int]:
    """The order that a request names and its amount; it is pending, and the caller's own."""
    named = request.params.get("order")
    wanted = named.id if isinstance(named, Object) else named
    if not isinstance(wanted, str):
        raise refuse("order", "a pointer or an id")
    user = caller(request)
    async with turn_of(user):
        order = await Query("Order").get(wanted)  # with the caller's own rights
        if not user.same_as(order.get("user")):
            raise refuse("order", "there is no such order of yours")
        if order.get("status") != "pending":
            raise refuse("order", f"it is {order.get('status')}, not pending")
        amount = units(order.get("total"), at.currency)
        if not order.has("payment"):  # from now on it can be cancelled, but does not vanish
            begun = {"state": "begun", "amount": amount, "currency": at.currency}
            await _note(order, payment=begun)
    return order, amount


async def _note(order: Object, **fields: Any) -> None:
    await order.save(fields, use_master_key=True, context={OF_PAYMENT: True})


async def _opened(order: Object, made_id: str) -> None:
    """Note what an order can be paid at; closed, and refused, if it was cancelled meanwhile."""
    object_id, outdated = str(order.id), [made_id]
    async with turn_of(order.get("user")):
        await order.fetch(use_master_key=True)
        status = order.get("status")
        if status == "pending":
            known = open_at_gateway(order)
            now = [*known, made_id] if made_id not in known else known
            outdated = now[:-_MOST_OPEN]
            if now != known:
                payment = {**(order.get("payment") or {}), "open": now[-_MOST_OPEN:]}
                await _note(order, payment=payment)
    await close(object_id, outdated)
    if status != "pending":
        raise refuse("order", f"it is {status}, not pending")


@Cloud.receiver("stripe")
async def hear_of_payment(request: ReceivedRequest) -> Answer | dict[str, bool]:
    """A signed message of a payment moves its order to paid, however often it comes."""  # Y2
    at, stripe = gateway(), library()
    if not at.secret:  # anybody can sign with an empty one
        raise ParseError(Code.SCRIPT_FAILED, "STRIPE_WEBHOOK_SECRET is not set.")
    signature = request.headers.get("stripe-signature", "")
    try:
        stripe.WebhookSignature.verify_header(request.body.decode(), signature, at.secret, 300)
        event = json.loads(request.body)
    except (stripe.SignatureVerificationError, ValueError) as error:
        request.log.warning("a payment message was refused: %s", error)
        return Cloud.answer({"error": "The signature is not valid."}, status=400)
    if event.get("type") == "payment_intent.succeeded":
        await _pay(request, event["data"]["object"])
    return {"received": True}


async def _pay(request: ReceivedRequest, intent: dict[str, Any]) -> None:
    """Money has come for an order: it is paid, or its staff are told what does not fit."""
    object_id = (intent.get("metadata") or {}).get("order")
    query = Query("Order").equal_to("objectId", str(object_id))
    order = await query.first(use_master_key=True)
    if order is None or not isinstance(order.get("user"), Object):
        request.log.error("a payment fits no order: %s of %s", intent.get("id"), object_id)
        return
    others: list[str] = []
    async with turn_of(order.get("user")):
        await order.fetch(use_master_key=True)
        problem = _problem(order, intent)
        if problem is not None:
            await _alarm(request, order, intent, problem)
        elif (order.get("payment") or {}).get("id") != intent.get("id"):
            payment = {"state": "received", **_paid(intent)}
            if order.get("status") == "pending":
                others = [one for one in open_at_gateway(order) if one != intent.get("id")]
                await _note(order, status="paid", paidAt=datetime.now(UTC), payment=payment)
                await tell_customer(order, "paid")
            else:
                await _note(order, payment=payment)
                why = f"it was {order.get('status')} already: refund it"
                await _alarm(request, order, intent, why)
    await close(str(order.id), others)  # of the page that was paid at, the gateway knows it


def _paid(intent: dict[str, Any]) -> dict[str, Any]:
    """What came: the gateway's id, the amount in the currency's smallest unit, the currency."""
    currency = str(intent.get("currency")).lower()
    return {"id": intent.get("id"), "amount": intent.get("amount_received"), "currency": currency}


def _problem(order: Object, intent: dict[str, Any]) -> str | None:
    """Why a payment is not what an order costs, or one too many."""
    known, paid = order.get("payment") or {}, _paid(intent)
    currency = known.get("currency") or gateway().currency
    try:
        expected = units(order.get("total"), currency)
    except ParseError as error:
        return error.message
    if (paid["amount"], paid["currency"]) != (expected, currency):
        return f"it costs {expected} {currency}"
    if known.get("state") == "received" and known.get("id") != paid["id"]:
        return f"it was paid by {known.get('id')} before: refund it"
    return None


async def _alarm(request: ReceivedRequest, order: Object, intent: dict[str, Any], why: str) -> None:
    """Note at the order, where its staff look, what somebody has to see to; each thing once."""
    paid = _paid(intent)
    text = f"{paid['id']} paid {paid['amount']} {paid['currency']}, but {why}"
    if text in (order.get("attention") or []):
        return
    request.log.error("order %s needs attention: %s", order.id, text)
    await _note(order, attention=[*(order.get("attention") or []), text])
