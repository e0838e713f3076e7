"""Anonymous users: the id that a client made up is all that there is to check."""

from typing import Any

from parsepy.auth.base import AuthProvider


class Anonymous(AuthProvider):
    """Accepts every anonymous id; that it is a text is checked for all providers alike."""

    async def validate_app_id(
        self, app_ids: Any, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> None:
        """Nobody issued it, so nobody else's it can be."""

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> dict[str, Any] | None:
        """Nothing that could be false."""
        return None
