"""``PROVIDERS``: the sign-in providers that are built in, by name."""

from collections.abc import Callable

from parsepy.auth.anonymous import Anonymous
from parsepy.auth.base import AuthAdapter
from parsepy.auth.email_otp import EmailCode
from parsepy.auth.mfa import MultiFactor
from parsepy.auth.passkey import Passkey
from parsepy.auth.providers import THIRD_PARTIES

PROVIDERS: dict[str, Callable[..., AuthAdapter]] = {
    "anonymous": Anonymous,
    "emailOtp": EmailCode,
    "mfa": MultiFactor,
    "passkey": Passkey,
    **THIRD_PARTIES,
}
UNCONFIGURED = frozenset(("anonymous",))
"""Those that need no options: they are there without being configured."""
