"""``open_senders``: the senders that the option ``push`` configures, one for each device type."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parsepy.push.apns import APNs
from parsepy.push.base import Message, Outcome, PushConfigError, PushSender
from parsepy.push.fcm import FCM

APPLE = ("ios", "osx", "tvos", "watchos")
ANDROID = ("android", "fcm")
FOREIGN = ("web", "expo")
TYPES = (*APPLE, *ANDROID, *FOREIGN)
"""The push types of Parse."""


class Senders:
    """Sends to each device by the sender of its push type, or else of its device type."""

    def __init__(self, by_type: Mapping[str, APNs | FCM]) -> None:
        self._by_type = dict(by_type)

    async def send(self, message: Message) -> Outcome | None:
        """Send by the sender of the device's type; None for a type that is not one of Parse's."""
        device = message.device
        if not message.token:
            return None
        kind = next(
            (device.get(n) for n in ("pushType", "deviceType") if device.get(n) in TYPES), ""
        )
        if not kind:
            return None
        sender = self._by_type.get(kind)
        if sender is None:
            error = f"Can not find sender for push type {kind}"
            return Outcome(False, str(device.get("deviceType")), error)
        return await sender.send(message)

    async def close(self) -> None:
        """Close the connections."""
        for sender in set(self._by_type.values()):
            await sender.close()


def open_senders(options: Mapping[str, Any], folder: Path) -> PushSender:
    """Make the senders of the option ``push``; relative paths in it start at ``folder``.

    A kind that is merely named, with nothing in it, has no sender. Connects to nothing yet. Raises
    ``PushConfigError``, and ImportError without the extra if there is a sender.
    """
    named = {
        kind: given
        for kind, given in options.items()
        if given not in (None, {}, [], (), "") or kind not in TYPES
    }
    if named:
        import h2  # noqa: F401  # for HTTP/2
        import jwt  # noqa: F401

    by_type: dict[str, APNs | FCM] = {}
    for kind, given in named.items():
        if kind in APPLE and not (isinstance(given, Mapping) and "firebaseServiceAccount" in given):
            by_type[kind] = APNs(given, folder, kind)
        elif kind in APPLE or kind in ANDROID:
            if not isinstance(given, Mapping) or "firebaseServiceAccount" not in given:
                raise PushConfigError(
                    f"{kind}: Firebase service account is required for Android/FCM push "
                    "notifications"
                )
            by_type[kind] = FCM(given, folder, kind, "apple" if kind in APPLE else "android")
        elif kind in FOREIGN:
            raise PushConfigError(f"{kind}: there is no sender for it: name one in push.adapter")
        else:
            raise PushConfigError(f"{kind}: Push to {kind} is not supported")
    return Senders(by_type)
