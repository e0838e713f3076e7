"""A sign-in that needs no second factor, for parsepy; key.js does the same for Parse Server."""

from typing import Any

from parsepy.errors import ParseError


class adapter:
    """Keys with a PIN, that are enough alone."""

    policy = "solo"

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> dict[str, Any]:
        """The PIN must be right; it is not kept."""
        if auth_data.get("pin") != "right":
            raise ParseError(142, "The key does not fit.")
        return {"save": {"id": auth_data["id"]}}
