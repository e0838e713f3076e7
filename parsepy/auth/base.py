"""``AuthAdapter``: what an author offers. ``AuthProvider``: one that is ready to be asked."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from parsepy.model.values import JSONObject

Policy = Literal["default", "additional", "solo"]
"""What a provider counts for at a log-in (protocol §15.6).

``additional``: a second factor, without which nobody logs in who has set it up. ``solo``: needs no
second factor beside it.
"""


@runtime_checkable
class AuthAdapter(Protocol):
    """A way to sign in (protocol §15.2).

    Optional beside ``validate_auth_data``: ``validate_app_id(app_ids, auth_data, options,
    request)``, which is asked before it; ``policy``, one of ``Policy``; ``Options``, a frozen
    dataclass of the options that the configuration gives (``auth/options.py``), of which the
    constructor gets an instance as ``options``. Without ``Options`` it gets each option as a
    keyword. A parameter ``http`` gets the server's ``Outgoing``: requests of one's own must be
    bounded in time and size.
    """

    def __init__(self) -> None:
        """An adapter without a constructor of its own has no options."""

    @abstractmethod
    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Mapping[str, Any] | None:
        """Refuse authData that is not true, by any exception; a ``ParseError`` keeps its code.

        May answer ``{"response": what the client is told, "save": what is stored in place of the
        authData, "doNotSave": True to store nothing}``.
        """


@dataclass(frozen=True, slots=True)
class Validation:
    """What a provider said of authData: what to store (None: nothing), what to tell the client."""

    save: JSONObject | None
    response: Any = None


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """An adapter that has been checked, with its options as the configuration gives them."""

    adapter: AuthAdapter
    options: Mapping[str, Any]
    policy: Policy = "default"
    validate_app_id: Callable[..., Awaitable[Any]] | None = None

    async def validate(self, auth_data: JSONObject, request: Any) -> Validation:
        """Ask the adapter whether authData is true; raises what the adapter raises."""
        options = dict(self.options)
        if self.validate_app_id is not None:
            await self.validate_app_id(options.get("appIds"), dict(auth_data), options, request)
        answer = await self.adapter.validate_auth_data(dict(auth_data), options, request)
        if answer is None:
            return Validation(auth_data)
        if not isinstance(answer, Mapping):  # who answers False means to refuse
            raise TypeError("The sign-in adapter must answer None or an object.")
        save = None if answer.get("doNotSave") else answer.get("save", auth_data)
        if save is not None and not isinstance(save, dict):
            raise TypeError("What a sign-in adapter saves must be an object.")
        return Validation(save, answer.get("response"))
