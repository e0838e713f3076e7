"""A provider for the tests of the JavaScript SDK: badges with a PIN."""

from typing import Any


class adapter:
    """Takes the PIN "right"."""

    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        """The PIN is not kept."""
        if auth_data.get("pin") != "right":
            raise ValueError("The PIN is wrong.")
        return {"save": {"id": auth_data["id"]}}
