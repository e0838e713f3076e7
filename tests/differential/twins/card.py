"""A second factor for parsepy; card.js beside it does the same for Parse Server."""

from typing import Any

from parsepy.errors import ParseError


class adapter:
    """Cards with a PIN, beside a password."""

    policy = "additional"

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> dict[str, Any]:
        """The PIN must be right; it is not kept."""
        if auth_data.get("pin") != "right":
            raise ParseError(142, "The PIN is wrong.")
        return {"save": {"id": auth_data["id"]}}
