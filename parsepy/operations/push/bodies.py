"""A push's data for one device: in its language, with its badge."""

from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject, is_number

_LOCALIZED = ("alert", "title")
_LARGEST_BADGE = 2**53 - 1  # what every reader of JSON has room for


def locales(data: JSONObject) -> list[str]:
    """List the languages of a push's texts, in the order of its keys: `alert-fr`, `title-de`."""
    found = []
    for key in data:
        word, dash, locale = key.partition("-")
        if dash and word in _LOCALIZED and locale not in found:
            found.append(locale)
    return found


def localized(data: JSONObject, device: JSONObject) -> JSONObject:
    """Select the texts in the device's language: the first that begins its `localeIdentifier`."""
    known = locales(data)
    if not known:
        return data
    own = device.get("localeIdentifier")
    locale = None
    if isinstance(own, str):
        locale = next((name for name in known if own.startswith(name)), None)
    unsaid = {f"{word}-{name}" for word in _LOCALIZED for name in known}
    shown = {key: value for key, value in data.items() if key not in unsaid}
    for word in _LOCALIZED:
        translated = data.get(f"{word}-{locale}")
        if translated:
            shown[word] = translated
    return shown


def increment(data: Any) -> float | None:
    """Read by how much a push increments badges; None if it does not."""
    badge = data.get("badge") if isinstance(data, dict) else None
    if isinstance(badge, str) and badge.lower() == "increment":
        return 1
    if isinstance(badge, dict):
        op, amount = badge.get("__op"), badge.get("amount")
        if isinstance(op, str) and op.lower() == "increment" and is_number(amount) and amount:
            return float(amount) if isinstance(amount, float) else int(amount)
    return None


def check_badge(data: Any) -> None:
    """Raise INTERNAL_SERVER_ERROR for a badge that is neither a number nor an increment."""
    badge = data.get("badge") if isinstance(data, dict) else None
    if badge in (None, "", False) or increment(data) is not None or is_number(badge):
        return
    raise ParseError(
        Code.INTERNAL_SERVER_ERROR,
        "Invalid value for badge, expected number or 'Increment' or {increment: number}",
    )


def raised(badge: Any, amount: float) -> int:
    """Compute an installation's badge after an increment."""
    return bounded((badge if is_number(badge) else 0) + amount)


def bounded(badge: float) -> int:
    """Limit a badge to what can be stored and sent.

    Clients set the badges of their installations, and one that is too large for the queue must
    not make the push fail for all others.
    """
    return int(max(-_LARGEST_BADGE, min(badge, _LARGEST_BADGE)))
