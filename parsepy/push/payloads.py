"""Convert a push's body for each provider: APNs's payload and headers, FCM's message.

The fields are those of Parse Server's push adapter, which clients and dashboards use.
"""

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from parsepy.model.values import JSONObject, dumps, is_number, to_iso
from parsepy.push.base import Message

# what is said in APNs's headers, and not in the payload
_HEADERS = frozenset(
    ("id", "collapseId", "channelId", "requestId", "pushType", "topic", "expiry", "priority")
)
_TEXTS = {
    "category": "category",
    "targetContentIdentifier": "target-content-id",
    "threadId": "thread-id",
    "interruptionLevel": "interruption-level",
}
_FLAGS = ("content-available", "mutable-content")
_TOPIC_ENDS = {
    "location": ".location-query",
    "voip": ".voip",
    "complication": ".complication",
    "fileprovider": ".pushkit.fileprovider",
    "liveactivity": ".push-type.liveactivity",
    "pushtotalk": ".voip-ptt",
}
_PRIORITY = 10

# numbers for Apple's devices, of which FCM takes none
_NOT_ANDROID = ("badge", "content-available", "mutable-content", "priority", "expiration_time")
_FCM_LONGEST = 4 * 7 * 24 * 3600  # seconds that FCM keeps a message
_FCM_HEADERS = ("expiration_time", "collapse_id", "push_type", "priority")


# --- APNs ---------------------------------------------------------------------------------------


def apns_payload(data: JSONObject, unsaid: Container[str] = _HEADERS) -> JSONObject:
    """Make the JSON that Apple delivers: `aps`, and beside it the app's own fields."""
    aps: JSONObject = dict(data["aps"]) if isinstance(data.get("aps"), dict) else {}
    custom: JSONObject = {}
    for key, value in data.items():
        if key in _TEXTS:
            if isinstance(value, str):
                aps[_TEXTS[key]] = value
        elif key in _FLAGS:
            if value == 1 and not isinstance(value, bool):
                aps[key] = 1
        elif key == "alert":
            aps["alert"] = value
        elif key == "badge":
            if is_number(value):
                aps["badge"] = value
        elif key == "sound":
            if _is_sound(value):
                aps["sound"] = value
        elif key not in ("aps", "title") and key not in unsaid:
            custom[key] = value
    if "title" in data:
        aps["alert"] = _titled(aps.get("alert"), data["title"])
    return {**custom, "aps": aps} if aps else custom


def _is_sound(value: Any) -> bool:
    if isinstance(value, dict):
        numbers = (value.get("critical"), value.get("volume"))
        return isinstance(value.get("name"), str) and all(map(is_number, numbers))
    return isinstance(value, str)


def _titled(alert: Any, title: Any) -> JSONObject:
    if isinstance(alert, dict):
        return {**alert, "title": title}
    return {"title": title} if alert is None else {"body": alert, "title": title}


def apns_headers(message: Message, topic: str | None) -> dict[str, str]:
    """Make the headers of a message for a device whose app is ``topic``."""
    data = message.data
    push_type = str(data.get("pushType") or message.setting("push_type") or "alert")
    if data.get("topic"):
        topic = str(data["topic"])
    elif topic is not None:
        topic += _TOPIC_ENDS.get(push_type, "")
    priority = data.get("priority", message.setting("priority"))
    shown: dict[str, Any] = {
        "apns-id": data.get("id") or message.id,
        "apns-push-type": push_type,
        "apns-topic": topic,
        "apns-priority": priority if type(priority) is int else _PRIORITY,
        "apns-expiration": data.get("expiry", _expiration(message)),
        # a message that must be sent again takes the place of the first
        "apns-collapse-id": data.get("collapseId")
        or message.setting("collapse_id")
        or message.push_id,
        "apns-request-id": data.get("requestId"),
        "apns-channel-id": data.get("channelId"),
    }
    return {name: str(value) for name, value in shown.items() if value not in (None, "")}


def _expiration(message: Message) -> int | None:
    """Read until when a provider keeps trying, in seconds since 1970."""
    time: Any = message.setting("expiration_time")
    return round(time / 1000) if is_number(time) else None


# --- FCM ----------------------------------------------------------------------------------------


def fcm_message(message: Message, kind: str) -> JSONObject:
    """Make the `message` of FCM's HTTP v1 API; ``kind`` is ``android`` or ``apple``."""
    raw = message.body.get("rawPayload")
    if isinstance(raw, dict):
        return {**_with_durations(raw), "token": message.token}
    shaped = _fcm_apple(message) if kind == "apple" else _fcm_android(message)
    return {**shaped, "token": message.token}


def _with_durations(raw: Mapping[str, Any]) -> JSONObject:
    """Convert the ttl of a raw payload to FCM's form, a text in seconds."""
    # Parse: in a raw payload it is a number of milliseconds
    android = raw.get("android")
    if isinstance(android, dict) and is_number(android.get("ttl")):
        return {**raw, "android": {**android, "ttl": f"{android['ttl'] / 1000:g}s"}}
    return dict(raw)


def _fcm_android(message: Message) -> JSONObject:
    shown = {key: value for key, value in message.data.items() if key not in _NOT_ANDROID}
    begun = datetime.fromtimestamp(message.time / 1000, UTC).replace(tzinfo=None)
    android: JSONObject = {
        "priority": "high",
        # Parse: its Android SDK drops a push_id that it has seen
        "data": {
            "push_id": message.push_id,
            "time": to_iso(begun),
            "data": dumps(shown).decode(),
        },
    }
    notification = message.body.get("notification")
    if isinstance(notification, dict):
        # a notification that must be sent again takes the place of the first
        android["notification"] = {"tag": message.push_id, **notification}
    expires: Any = message.body.get("expiration_time")
    if is_number(expires):
        seconds = int((expires - message.time) // 1000)
        android["ttl"] = f"{min(max(seconds, 0), _FCM_LONGEST)}s"
    return {"android": android}


def _fcm_apple(message: Message) -> JSONObject:
    data = message.data
    payload: JSONObject = {"aps": {}, **apns_payload(data, _FCM_HEADERS)}
    if "alert" in data and not isinstance(payload["aps"]["alert"], dict):
        payload["aps"]["alert"] = {"body": payload["aps"]["alert"]}
    shown = {
        "apns-push-type": message.setting("push_type") or "alert",
        "apns-expiration": _expiration(message),
        "apns-collapse-id": message.setting("collapse_id") or message.push_id,
        "apns-priority": message.setting("priority"),
    }
    headers = {name: str(value) for name, value in shown.items() if value is not None}
    return {"apns": {"headers": headers, "payload": payload}}
