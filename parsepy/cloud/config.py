"""``Config``: the parameters that an application shares with its clients."""

from collections.abc import Mapping
from typing import Any, ClassVar

from parsepy.cloud import codec, current
from parsepy.operations import global_config


class Config:
    """Parameters of `/config`: ``config = await Config.fetch()``, then ``config.get("fee")``."""

    params: dict[str, Any]
    _own_class: ClassVar[None] = None

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        self.params = dict(params or {})

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a parameter; ``default`` if there is none."""
        return self.params.get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self.params[key]

    def __contains__(self, key: object) -> bool:
        return key in self.params

    @classmethod
    async def fetch(cls, *, use_master_key: bool = False) -> "Config":
        """The parameters as the caller may see them; with the master key all of them."""
        found = await global_config.read(await current.context(use_master_key=use_master_key))
        return cls(codec.decode(found["params"]))

    @classmethod
    async def save(
        cls, params: Mapping[str, Any], master_key_only: Mapping[str, bool] | None = None
    ) -> "Config":
        """Set these parameters, with the rights of the master key; all parameters afterwards.

        ``None`` removes one; what ``master_key_only`` flags is shown to the master key alone.
        Raises INVALID_KEY_NAME for a name with ``.`` or ``$``.
        """
        body = {
            key: {"__op": "Delete"} if value is None else codec.encode(value)
            for key, value in params.items()
        }
        acting = await current.context(use_master_key=True)
        await global_config.change(acting, body, dict(master_key_only or {}))
        return await cls.fetch(use_master_key=True)
