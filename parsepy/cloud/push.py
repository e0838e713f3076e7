"""``Push``: notifications to devices, sent by cloud code."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from parsepy.cloud import codec, current
from parsepy.cloud.objects import Object
from parsepy.cloud.query import Query
from parsepy.model.values import JSONObject, to_iso
from parsepy.operations import push


class Push:
    """Pushes, with the rights of the master key: ``await Push.send("Hello", channels=["news"])``.

    See docs/push.md for what may stand in the data.
    """

    @staticmethod
    def is_configured() -> bool:
        """Can this server send pushes?"""
        return push.is_configured(current.request())

    @staticmethod
    async def send(
        data: str | Mapping[str, Any],
        *,
        where: Query[Any] | Mapping[str, Any] | None = None,
        channels: Sequence[str] | None = None,
        push_time: datetime | None = None,
        expires: datetime | timedelta | None = None,
        **beside: Any,
    ) -> str:
        """Push to the installations of a query, or of channels; the id of its `_PushStatus`.

        A text is the alert. ``push_time`` without a time zone is the time on each device's clock;
        ``expires`` is a moment, or how long the push is worth sending. ``beside`` goes beside the
        data, as ``collapse_id``. In a transaction the push goes out with its commit. Raises
        PUSH_MISCONFIGURED.
        """
        body: JSONObject = {
            "data": {"alert": data} if isinstance(data, str) else codec.encode(dict(data)),
            **codec.encode(beside),
        }
        if isinstance(where, Query):
            body["where"] = where.to_where()
        elif where is not None:
            body["where"] = codec.encode(dict(where))
        if channels is not None:
            body["channels"] = list(channels)
        if push_time is not None:
            body["push_time"] = _text(push_time)
        if isinstance(expires, timedelta):
            body["expiration_interval"] = expires.total_seconds()
        elif expires is not None:
            body["expiration_time"] = _text(expires)
        return await push.send(await current.context(use_master_key=True), body)

    @staticmethod
    async def status(push_id: str) -> Object:
        """The `_PushStatus` of a push; raises OBJECT_NOT_FOUND."""
        found: Object = await Query(push.STATUS).get(push_id, use_master_key=True)
        return found


def _text(moment: datetime) -> str:
    if moment.tzinfo is None:
        return to_iso(moment).removesuffix("Z")
    return to_iso(moment.astimezone(UTC).replace(tzinfo=None))
