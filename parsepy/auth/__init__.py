"""``PROVIDERS``: one line per sign-in provider that needs no configuration."""

from parsepy.auth.anonymous import Anonymous
from parsepy.auth.base import AuthProvider

PROVIDERS: dict[str, type[AuthProvider]] = {
    "anonymous": Anonymous,
}
