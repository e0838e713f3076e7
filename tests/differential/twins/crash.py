"""A sign-in adapter that fails as nobody has foreseen, for parsepy; crash.js is Parse Server's."""

from typing import Any


class adapter:
    """Nobody signs in by it."""

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> None:
        """Fail with a text that is meant for nobody."""
        raise RuntimeError("the vault at 10.0.0.7 refused the key")
