"""The ``PushSender`` protocol: one message to one device, and how it went."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from parsepy.model.values import JSONObject

_NAMESPACE = uuid.UUID("7a0c8f0e-4a3c-5d0e-9a55-0d5f0c9b7a11")


@dataclass(frozen=True, slots=True)
class Message:
    """What one device is sent.

    ``body`` is what `POST /push` was asked, with `data` in the device's language and with its
    badge; ``device`` its installation in REST form. ``push_id`` and ``id`` are the same when a
    message has to be sent again, so that who receives it may know it.
    """

    push_id: str
    body: JSONObject
    device: JSONObject
    time: int
    """When the push was begun, in milliseconds since 1970."""

    @property
    def data(self) -> JSONObject:
        """The `data` of the push."""
        found = self.body.get("data")
        return found if isinstance(found, dict) else {}

    @property
    def token(self) -> str:
        """What the provider knows the device by."""
        return str(self.device.get("deviceToken") or "")

    @property
    def id(self) -> str:
        """A UUID that belongs to this push on this installation."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.push_id}:{self.device.get('objectId')}"))

    def setting(self, name: str) -> Any:
        """A value that may stand beside `data` or in it, such as `collapse_id`."""
        return self.body.get(name) or self.data.get(name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a message fared; ``is_gone``: the provider knows this token no more."""

    transmitted: bool
    device_type: str
    error: str = ""
    is_gone: bool = False


@runtime_checkable
class PushSender(Protocol):
    """Sends messages to devices; an adapter of the option ``push.adapter`` is one."""

    async def send(self, message: Message) -> Outcome | None:
        """Send one message, with what patience the provider needs.

        None: this device is none of the sender's, and is not counted. Whatever is raised counts
        as a failure of this message.
        """
        ...


class PushConfigError(ValueError):
    """The options of a sender are wrong; the message begins with their place below ``push``."""


def retry_pause(attempt: int, headers: Mapping[str, str]) -> float:
    """The seconds to wait before another attempt: what the provider asks for, within reason."""
    try:
        asked = float(headers.get("retry-after", ""))
    except ValueError:
        asked = 0.0
    return min(max(asked, 0.2 * (1 << attempt)), LONGEST_PAUSE)


ATTEMPTS = 3
LONGEST_PAUSE = 10.0
TIMEOUT = 10.0
RETRIED = frozenset((429, 500, 502, 503, 504))
"""What a provider answers when the same message may be taken later."""


async def pause(seconds: float) -> None:
    """Wait before another attempt."""
    await asyncio.sleep(seconds)
