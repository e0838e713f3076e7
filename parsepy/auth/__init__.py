"""``PROVIDERS``: one line per sign-in provider that is built in."""

from collections.abc import Callable

from parsepy.auth.anonymous import Anonymous
from parsepy.auth.base import AuthAdapter

PROVIDERS: dict[str, Callable[..., AuthAdapter]] = {
    "anonymous": Anonymous,
}
