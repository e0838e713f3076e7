"""``Config``: the parameters that an application shares with its clients."""

from typing import Any


class Config:
    """Parameters of `/config`, as cloud code reads and changes them."""

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        self.params = dict(params or {})

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a parameter; ``default`` if there is none."""
        return self.params.get(key, default)
