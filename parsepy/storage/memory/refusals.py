"""How ``memory:`` says what it does not have."""

from typing import NoReturn

from parsepy.errors import Code, ParseError


def unavailable(what: str) -> ParseError:
    """The refusal of what only MongoDB has."""
    return ParseError(
        Code.COMMAND_UNAVAILABLE,
        f"The database memory: has no {what}; use MongoDB (the embedded one, or a mongodb:// URI).",
    )


class Refusing:
    """Says so when it is asked for a part of the driver that it does not have."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise unavailable(name)
