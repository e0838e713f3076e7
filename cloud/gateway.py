"""Stripe as the gateway of payments: how it is reached, its amounts, what is open there.

The settings are environment variables: STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_CURRENCY
(default usd) and STRIPE_API_BASE.
"""

import asyncio
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from cloud.money import to_decimal
from cloud.rules import refuse
from parsepy import Code, Object, ParseError

log = logging.getLogger("parsepy.shop")

_SECONDS = 20.0
_CLOSE_SECONDS = 5.0
"""How long the gateway is waited for: who pays waits longer than who cancels."""


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
        (os.environ.get("STRIPE_CURRENCY") or "usd").lower(),
    )


def library() -> Any:
    """Return Stripe's library; raises SCRIPT_FAILED if it is not installed."""
    try:
        import stripe
    except ImportError as error:
        raise ParseError(
            Code.SCRIPT_FAILED, "Payments need the extra: pip install 'parsepy-server[payments]'"
        ) from error
    return stripe


_DIGITS = {
    **dict.fromkeys(("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"), 0),
    **dict.fromkeys(("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"), 0),
    **dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3),
}
"""Decimals of a currency's smallest unit at the gateway, where they are not two."""


def units(total: Any, currency: str) -> int:
    """An amount in the smallest unit of its currency; refuses what that can't say."""
    amount = (to_decimal(total) or Decimal(0)).scaleb(_DIGITS.get(currency, 2))
    if amount != amount.to_integral_value():
        raise refuse("total", f"{total} can't be paid in {currency}")
    return int(amount)


def _client(at: Gateway, seconds: float, retries: int) -> Any:
    stripe = library()
    return stripe.StripeClient(
        at.api_key,
        base_addresses={"api": at.base} if at.base else {},
        max_network_retries=retries,
        http_client=stripe.new_default_http_client(timeout=seconds),
    ).v1


async def made(at: Gateway, what: str, params: dict[str, Any], key: str) -> Any:
    """Make something at the gateway: the same key, the same thing; refuses what it refuses."""
    service = attrgetter(what)(_client(at, _SECONDS, retries=2))
    try:
        return await asyncio.to_thread(service.create, params, {"idempotency_key": key})
    except library().StripeError as error:
        message = error.user_message or "The payment gateway can't be reached."
        raise ParseError(Code.SCRIPT_FAILED, message) from error


def open_at_gateway(order: Object) -> list[str]:
    """Ids of the pages and intents at which an order can still be paid, the oldest first."""
    return [str(one) for one in (order.get("payment") or {}).get("open") or []]


async def close(order: str, ids: Iterable[str]) -> None:
    """See that nobody pays at these pages and intents of an order any more, as far as possible.

    What is paid already can't be closed, and a gateway that does not answer is not waited for long:
    money that comes all the same is told to the staff.
    """
    wanted = list(ids)
    if not wanted:
        return
    try:
        client = _client(gateway(), _CLOSE_SECONDS, retries=0)
    except ParseError as error:
        log.warning("payments of order %s stay open: %s", order, error.message)
        return
    await asyncio.gather(*(asyncio.to_thread(_close, client, order, one) for one in wanted))


def _close(client: Any, order: str, one: str) -> None:
    try:
        if one.startswith("pi_"):
            client.payment_intents.cancel(one)
        else:
            client.checkout.sessions.expire(one)
    except library().StripeError as error:
        log.warning("%s of order %s stays as it is: %s", one, order, error)
