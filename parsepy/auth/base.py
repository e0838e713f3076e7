"""The ``AuthProvider`` protocol: check the authData that a client brings (protocol §15.2)."""

from typing import Any, Protocol


class AuthProvider(Protocol):
    """A way to sign in. Raise ``ParseError`` (or any exception: code 141) to refuse.

    ``policy`` says what the provider counts for: "default"; "additional" (a second factor: whoever
    has set it up does not log in without it); "solo" (needs no second factor beside it).
    """

    policy: str = "default"

    async def validate_app_id(
        self, app_ids: Any, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> None:
        """Was this authData issued for one of our applications?"""

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: dict[str, Any], request: Any
    ) -> dict[str, Any] | None:
        """Is this authData true? May answer ``{"response", "save", "doNotSave"}``."""
