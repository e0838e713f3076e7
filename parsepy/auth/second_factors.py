"""Second factors that a database may hold although no adapter can check them (protocol §15.10).

Parse Server keeps TOTP secrets, recovery codes and telephone numbers in ``authData.mfa``. A user
who has set that up asked for more than a password; nobody gets in by less, nor reads the secrets.
"""

from collections.abc import Mapping
from typing import Any

from parsepy.model.values import JSONObject

NAMES = frozenset(("mfa",))
"""The providers that are second factors, whether or not an adapter for them is at hand."""


def is_required(provider: str, data: Any) -> bool:
    """Must a log-in bring this provider, since its user has set it up?

    A telephone number that was never confirmed (``{"pending": ...}`` alone) asks for nothing yet.
    """
    if provider not in NAMES or data is None:
        return False
    return not (isinstance(data, Mapping) and set(data) == {"pending"})


def masked(auth: JSONObject) -> JSONObject:
    """A user's authData without the secrets of second factors: only whether they are set up."""
    return {
        provider: _status(data) if provider in NAMES else data for provider, data in auth.items()
    }


def _status(data: Any) -> JSONObject:
    is_set_up = isinstance(data, Mapping) and bool(data.get("secret") or data.get("mobile"))
    return {"status": "enabled" if is_set_up else "disabled"}
