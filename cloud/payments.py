"""Payments by Stripe: an intent for an order, and the order paid when Stripe says so (Y1, Y2).

The settings are environment variables: STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_CURRENCY
(default usd) and STRIPE_API_BASE.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cloud.money import to_decimal
from cloud.rules import caller, refuse
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


@dataclass(frozen=True, slots=True)
class Gateway:
    """How Stripe is reached, and how its messages are signed."""

    api_key: str
    secret: str
    base: str | None
    currency: str


def gateway() -> Gateway:
    """Read the gateway's settings; raises SCRIPT_FAILED if there is no key."""
    key = os.environ.get("STRIPE_API_KEY")
    if not key:
        raise ParseError(Code.SCRIPT_FAILED, "No payment gateway is configured.")
    return Gateway(
        key,
        os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
        os.environ.get("STRIPE_API_BASE") or None,
        os.environ.get("STRIPE_CURRENCY") or "usd",
    )


def _stripe() -> Any:
    try:
        import stripe
    except ImportError as error:
        raise ParseError(
            Code.SCRIPT_FAILED, "Payments need the extra: pip install 'parsepy-server[payments]'"
        ) from error
    return stripe


def cents(total: Any) -> int:
    """An amount in the smallest unit of its currency."""
    return int((to_decimal(total) or Decimal(0)) * 100)


@Cloud.function("createPayment", require_user=True)
async def create_payment(request: FunctionRequest) -> dict[str, Any]:
    """Y1: a payment intent for a pending order of the caller; the same order, the same intent."""
    named = request.params.get("order")
    wanted = named.id if isinstance(named, Object) else named
    if not isinstance(wanted, str):
        raise refuse("order", "a pointer or an id")
    order = await Query("Order").get(wanted)  # with the caller's own rights
    if not order.get("user").same_as(caller(request)):
        raise refuse("order", "there is no such order of yours")
    if order.get("status") != "pending":
        raise refuse("order", f"it is {order.get('status')}, not pending")
    intent = await asyncio.to_thread(_intent, gateway(), order)
    return {
        "id": intent["id"],
        "clientSecret": intent["client_secret"],
        "amount": order.get("total"),
        "currency": intent["currency"],
    }


def _intent(at: Gateway, order: Object) -> Any:
    stripe = _stripe()
    client = stripe.StripeClient(
        at.api_key, base_addresses={"api": at.base} if at.base else {}, max_network_retries=2
    )
    try:
        return client.v1.payment_intents.create(
            {
                "amount": cents(order.get("total")),
                "currency": at.currency,
                "metadata": {"order": str(order.id)},
            },
            {"idempotency_key": str(order.id)},
        )
    except stripe.StripeError as error:
        message = error.user_message or "The payment gateway can't be reached."
        raise ParseError(Code.SCRIPT_FAILED, message) from error


@Cloud.receiver("stripe")
async def hear_of_payment(request: ReceivedRequest) -> Answer | dict[str, bool]:
    """Y2: a signed message of a payment moves its order to paid, however often it comes."""
    at, stripe = gateway(), _stripe()
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
    object_id = (intent.get("metadata") or {}).get("order")
    query = Query("Order").equal_to("objectId", str(object_id))
    order = await query.first(use_master_key=True)
    if order is None or intent.get("amount_received") != cents(order.get("total")):
        request.log.error("a payment fits no order: %s of %s", intent.get("id"), object_id)
        return
    if order.get("status") != "pending":
        request.log.info("order %s is %s already", order.id, order.get("status"))
        return
    try:
        await order.save({"status": "paid"}, use_master_key=True)
    except ParseError as error:  # the same message came twice at once
        if error.code != Code.VALIDATION_ERROR:
            raise
