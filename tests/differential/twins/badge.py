"""A sign-in adapter for parsepy; badge.js beside it does the same for Parse Server."""

from typing import Any

from parsepy.errors import ParseError


class adapter:
    """Badges with a PIN."""

    async def validate_app_id(
        self, app_ids: Any, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> None:
        """Every badge is ours."""

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> dict[str, Any]:
        """The PIN must be right; it is not kept."""
        if auth_data.get("pin") != "right":
            raise ParseError(142, "The PIN is wrong.")
        kept = {"id": auth_data["id"], "code": f"kept of {auth_data['id']}"}
        return {"save": kept, "response": {"points": 5}}
