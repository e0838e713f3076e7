"""The ``PushSender`` protocol: send one message to one device, and return the outcome."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from parsepy.model.values import JSONObject

_NAMESPACE = uuid.UUID("7a0c8f0e-4a3c-5d0e-9a55-0d5f0c9b7a11")


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one device.

    ``body`` is the body of `POST /push`, with `data` in the device's language and with its badge;
    ``device`` is its installation in REST form. ``push_id`` and ``id`` stay the same when a
    message has to be sent again, so that the receiver can recognise it.
    """

    push_id: str
    body: JSONObject
    device: JSONObject
    time: int
    """The time at which the push was asked for, in milliseconds since 1970."""

    @property
    def data(self) -> JSONObject:
        """The `data` of the push."""
        found = self.body.get("data")
        return found if isinstance(found, dict) else {}

    @property
    def token(self) -> str:
        """The device token that the provider gave."""
        return str(self.device.get("deviceToken") or "")

    @property
    def id(self) -> str:
        """A UUID that belongs to this push on this installation."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.push_id}:{self.device.get('objectId')}"))

    def setting(self, name: str) -> Any:
        """Find a value that may stand beside `data` or in it, such as `collapse_id`."""
        return self.body.get(name) or self.data.get(name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one message; ``is_gone``: the provider has dropped the device token."""

    transmitted: bool
    device_type: str
    error: str = ""
    is_gone: bool = False


@runtime_checkable
class PushSender(Protocol):
    """Sends messages to devices; what the option ``push.adapter`` names has to be one."""

    async def send(self, message: Message) -> Outcome | None:
        """Send one message, trying again as the provider asks for.

        Returns None for a device that is not this sender's, which is not counted. Any exception
        counts as a failure of this message.
        """
        ...


class PushConfigError(ValueError):
    """The options of a sender are wrong; the message begins with their name below ``push``."""


def retry_pause(attempt: int, headers: Mapping[str, str]) -> float:
    """Compute the seconds before the next attempt: what Retry-After asks for, within limits."""
    try:
        asked = float(headers.get("retry-after", ""))
    except ValueError:
        asked = 0.0
    return min(max(asked, 0.2 * (1 << attempt)), LONGEST_PAUSE)


ATTEMPTS = 3
LONGEST_PAUSE = 10.0
TIMEOUT = 10.0
RETRIED = frozenset((429, 500, 502, 503, 504))
"""The statuses with which a provider says that the message may be accepted later."""


async def pause(seconds: float) -> None:
    """Wait so many seconds before another attempt."""
    await asyncio.sleep(seconds)
