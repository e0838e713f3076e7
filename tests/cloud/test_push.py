"""Cloud code pushes."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parsepy import Cloud, Code, ParseError, Pointer, Push, Query
from parsepy.backend import RequestContext
from parsepy.cloud import current
from parsepy.model.principal import MASTER
from tests.cloud.conftest import CloudShop, MakeShop
from tests.push import recorder
from tests.rest.shop import ok

OPTIONS = {"push": {"adapter": recorder.__file__}, "scheduledPush": True}


def acting(shop: CloudShop) -> AbstractContextManager[None]:
    """Run what is inside as cloud code."""
    return current.acting(RequestContext(shop.backend, MASTER))


def sender(shop: CloudShop) -> recorder.adapter:
    """What takes the messages."""
    found: Any = shop.backend.push
    assert type(found).__name__ == "adapter"
    made: recorder.adapter = found
    return made


async def device(shop: CloudShop, **fields: Any) -> None:
    """Register a device."""
    body = {"deviceType": "ios", "deviceToken": "t", "installationId": "d", **fields}
    ok(await shop.master.post("/installations", json=body), 201)


async def test_a_text_is_the_alert_of_a_push(shop: MakeShop) -> None:
    made = await shop("", **OPTIONS)
    await device(made, channels=["news"])
    with acting(made):
        push_id = await Push.send("Hello", channels=["news"], collapse_id="hello")
        message = await sender(made).next()
        assert (message.data, message.body["collapse_id"]) == ({"alert": "Hello"}, "hello")
        assert (await Push.status(push_id)).get("query") == '{"channels":{"$in":["news"]}}'


async def test_a_query_says_who_is_meant(shop: MakeShop) -> None:
    made = await shop("", **OPTIONS)
    await device(made, badge=3)
    await device(made, badge=4, deviceToken="u", installationId="e")
    with acting(made):
        query = Query("_Installation").greater_than("badge", 3)
        await Push.send({"order": Pointer("Order", "order00001")}, where=query)
    message = await sender(made).next()
    assert message.token == "u"
    assert message.data["order"]["objectId"] == "order00001"


async def test_times_are_written_as_parse_reads_them(shop: MakeShop) -> None:
    made = await shop("", **OPTIONS)
    moment = datetime(2100, 1, 1, 9, tzinfo=UTC)
    with acting(made):
        fixed = await Push.send("x", where={}, push_time=moment, expires=timedelta(hours=1))
        local = await Push.send("x", where={}, push_time=moment.replace(tzinfo=None))
        until = await Push.send("x", where={"a": 1}, expires=moment)
        assert (await Push.status(fixed)).get("pushTime") == "2100-01-01T09:00:00.000Z"
        assert (await Push.status(fixed)).get("expiration_interval") == 3600
        assert (await Push.status(local)).get("pushTime") == "2100-01-01T09:00:00.000"
        assert (await Push.status(until)).get("expiry") == 4102477200000


async def test_a_push_of_a_transaction_goes_out_with_it(shop: MakeShop) -> None:
    made = await shop("", **OPTIONS)
    await device(made)

    @Cloud.transaction()
    async def fails() -> None:
        await Push.send("never", where={})
        raise ParseError(Code.SCRIPT_FAILED, "no")

    @Cloud.transaction()
    async def commits() -> None:
        await Push.send("now", where={})

    with acting(made):
        with pytest.raises(ParseError):
            await fails()
        await commits()
    message = await sender(made).next()
    assert message.data == {"alert": "now"}


async def test_a_server_without_senders_says_so(shop: MakeShop) -> None:
    made = await shop("")
    with acting(made):
        assert not Push.is_configured()
        with pytest.raises(ParseError, match="Missing push configuration"):
            await Push.send("Hello", where={})
