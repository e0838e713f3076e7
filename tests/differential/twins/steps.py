"""A validator for each step, for parsepy; steps.js does the same for Parse Server."""

from typing import Any

from parsepy.errors import ParseError


def check(step: str, auth_data: dict[str, Any], request: Any) -> dict[str, Any]:
    """The PIN must be right; it is not kept."""
    if auth_data.get("pin") != "right":
        raise ParseError(142, f"{step}: The PIN is wrong.")
    rest = {name: value for name, value in auth_data.items() if name != "pin"}
    known = sorted((request.original or {}).get("authData") or {})
    return {"save": rest, "response": {"step": step, "known": known, "master": request.master}}


class adapter:
    """Each step tells who asks, and of whom."""

    async def validate_set_up(self, auth_data: Any, options: Any, request: Any) -> Any:
        """To link it."""
        return check("set up", auth_data, request)

    async def validate_login(self, auth_data: Any, options: Any, request: Any) -> Any:
        """To log in."""
        return check("login", auth_data, request)

    async def validate_update(self, auth_data: Any, options: Any, request: Any) -> Any:
        """To change it."""
        return check("update", auth_data, request)

    async def after_find(self, auth_data: Any, options: Any, request: Any) -> Any:
        """Clients see the id."""
        return None if request.master else {"id": auth_data["id"], "seen": True}

    async def challenge(
        self, challenge_data: Any, auth_data: Any, options: Any, request: Any
    ) -> Any:
        """Tells what it is asked, and about whom."""
        if challenge_data.get("refuse"):
            raise ParseError(142, "no challenge")
        if challenge_data.get("silent"):
            return None
        return {
            "asked": challenge_data.get("ask"),
            "data": auth_data,
            "user": request.original["username"] if request.original else None,
            "isChallenge": request.is_challenge,
        }
