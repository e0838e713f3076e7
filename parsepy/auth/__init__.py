"""``PROVIDERS``: the sign-in providers that are built in, by name."""

from collections.abc import Callable

from parsepy.auth.anonymous import Anonymous
from parsepy.auth.base import AuthAdapter
from parsepy.auth.providers import THIRD_PARTIES

PROVIDERS: dict[str, Callable[..., AuthAdapter]] = {
    "anonymous": Anonymous,
    **THIRD_PARTIES,
}
