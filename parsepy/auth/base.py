"""``AuthAdapter``: what an author offers. ``AuthProvider``: one that is ready to be asked."""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject

Policy = Literal["default", "additional", "solo"]
"""What a provider counts for at a log-in (protocol §15.6).

``additional``: a second factor, without which nobody logs in who has set it up. ``solo``: needs no
second factor beside it.
"""

Step = Literal["set_up", "login", "update"]
"""What authData is brought for: to link a provider, to log in by it, to change what is linked."""

Answer = Mapping[str, Any] | None
"""What a validator answers: None, or ``response``, ``save``, ``doNotSave``, ``verifiedEmail``."""


class CodeSent(ParseError):
    """A refusal that only asks for the code which was sent; it counts as no failed attempt."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.SCRIPT_FAILED, message)


class AuthRequest(Protocol):
    """What an adapter is told of the request (protocol §15.2)."""

    @property
    def original(self) -> JSONObject | None:
        """The user in question as stored, with all of their authData; None if there is none."""

    @property
    def provider(self) -> str:
        """The name under which the adapter is configured."""

    @property
    def step(self) -> Step | None:
        """What the authData is brought for; None where it is neither of them."""

    @property
    def is_challenge(self) -> bool:
        """Does ``/challenge`` ask?"""

    @property
    def master(self) -> bool:
        """Does the request come with the master key?"""

    @property
    def ip(self) -> str | None:
        """The client's address."""

    @property
    def installation_id(self) -> str | None:
        """The client's installation."""

    @property
    def user_id(self) -> str | None:
        """The objectId of the user whose session the request comes with."""

    @property
    def stored(self) -> JSONObject:
        """The ``original`` user's authData of this provider; empty if there is none."""

    async def keep(self, auth_data: JSONObject) -> None:
        """Store authData of this provider for the ``original`` user now, whatever follows.

        SCRIPT_FAILED if what was stored has changed meanwhile.
        """

    async def claim(self, name: str, seconds: int) -> bool:
        """Take a name for so many seconds; False if any process has it.

        ``seconds`` are a day at most. This is how something counts once.
        """

    async def release(self, name: str) -> None:
        """Give a name back before its time."""

    async def has_user(self, auth_id: str) -> bool:
        """Has a user linked this provider by just this id?"""

    async def mail_code(self, email: str, locale: str | None) -> None:
        """Mail a code to the user with this verified address, if there is one."""

    async def use_code(self, email: str, code: str) -> str | None:
        """The objectId of the user whom a code was mailed to, which is used up; None: wrong."""


class AuthAdapter:
    """A way to sign in (protocol §15.2): all methods are optional but the validators.

    An adapter has ``validate_auth_data``, or all three of ``validate_set_up``, ``validate_login``
    and ``validate_update``; it need not inherit from this class, whose methods count as not there.
    Every method is awaited. What a method raises is a refusal: a ``ParseError`` reaches the client
    as it is, of a ``ValueError`` the text with SCRIPT_FAILED, of anything else a neutral text.

    ``Options`` may be a frozen dataclass of the options that the configuration gives
    (``auth/options.py``), of which the constructor gets an instance as ``options``. Without it, it
    gets each option as a keyword. A parameter ``http`` gets the server's ``Outgoing``: requests of
    one's own must be bounded in time and size. A parameter ``signing_key`` gets bytes that are the
    same in every process with the same master key, and secret.
    """

    policy: ClassVar[Policy] = "default"
    folds_ids: ClassVar[bool] = False
    """Are ids that differ in case and blanks only one id, of which the provider tells the spelling?

    Else a client's ``id`` must be the one that ``before_find`` answers, sign by sign.
    """

    async def validate_options(self, options: Mapping[str, Any]) -> None:
        """Stop the start, by any exception, if the options are not right."""

    async def validate_app_id(
        self, app_ids: Any, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Any:
        """Refuse authData that was made for another application; asked before the validators."""

    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Answer:
        """Refuse authData that is not true, by any exception.

        May answer ``{"response": what the client is told, "save": what is stored in place of the
        authData, "doNotSave": True to store nothing, "verifiedEmail": the address that the provider
        has verified (for ``linkByEmail``)}``, as the next three may.
        """

    async def validate_set_up(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Answer:
        """Likewise, of a provider that the user links, or signs up by."""

    async def validate_login(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Answer:
        """Likewise, of somebody who is not signed in, to a user who has linked the provider."""

    async def validate_update(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Answer:
        """Likewise, of a user, or the master key, who changes what is linked."""

    async def validate_unlink(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> None:
        """Refuse that the provider is unlinked.

        ``auth_data`` is what came beside ``"unlink": true``, nothing if ``null`` was sent. The
        master key unlinks without being asked.
        """

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> JSONObject | None:
        """The authData to go on with, such as id and token in exchange for a code; None: as it is.

        Asked wherever authData is read, before the user is looked for by its ``id``. An ``id`` that
        a client sent may only agree with the one that is answered.
        """

    async def find_user(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> str | None:
        """The objectId of the user whom proven authData names otherwise than by its ``id``."""

    async def after_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> JSONObject | None:
        """What is shown of stored authData; None: all of it."""

    async def challenge(
        self,
        challenge_data: Any,
        auth_data: JSONObject | None,
        options: Mapping[str, Any],
        request: Any,
    ) -> Any:
        """What a client needs before it can log in, such as a code that is sent to it."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What a provider said of authData: what to store (None: nothing), what to tell the client."""

    save: JSONObject | None
    response: Any = None
    verified_email: str | None = None


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """An adapter that has been checked, with its options as the configuration gives them.

    ``methods`` are those that it offers, by name. What its methods raise is raised.
    """

    adapter: object
    options: Mapping[str, Any]
    policy: Policy = "default"
    methods: Mapping[str, Callable[..., Awaitable[Any]]] = field(default_factory=dict)

    def has(self, method: str) -> bool:
        """Does the adapter offer this method?"""
        return method in self.methods

    async def identify(self, auth_data: JSONObject, request: Any) -> JSONObject:
        """The authData to look a user up by, as the provider itself says (``before_find``).

        OBJECT_NOT_FOUND if the client claims another identity than the provider has told.
        """
        if not self.has("before_find"):
            return auth_data
        found = await self._call("before_find", dict(auth_data), request=request)
        if found is None:
            return auth_data
        if not isinstance(found, Mapping):
            raise TypeError("before_find must answer None or an object.")
        told = _with_text_id(dict(found))
        given = auth_data.get("id")
        if given is not None and not is_same_id(self.adapter, given, told.get("id")):
            raise ParseError(Code.OBJECT_NOT_FOUND, "The id is not the one of this sign-in.")
        return told

    async def validate(
        self, auth_data: JSONObject, request: Any, step: Step = "login"
    ) -> Validation:
        """Ask the adapter whether authData is true."""
        if self.has("validate_app_id"):
            await self._call(
                "validate_app_id", self.options.get("appIds"), dict(auth_data), request=request
            )
        method = "validate_auth_data" if self.has("validate_auth_data") else f"validate_{step}"
        answer = await self._call(method, dict(auth_data), request=request)
        if answer is None:
            return Validation(auth_data)
        if not isinstance(answer, Mapping):  # who answers False means to refuse
            raise TypeError("The sign-in adapter must answer None or an object.")
        save = None if answer.get("doNotSave") else answer.get("save", auth_data)
        if save is not None and not isinstance(save, dict):
            raise TypeError("What a sign-in adapter saves must be an object.")
        email = answer.get("verifiedEmail")
        return Validation(
            None if save is None else _with_text_id(save),
            answer.get("response"),
            email if isinstance(email, str) and email else None,
        )

    async def may_unlink(self, auth_data: JSONObject, request: Any) -> None:
        """Ask the adapter whether it may be unlinked; whatever it raises refuses."""
        if self.has("validate_unlink"):
            await self._call("validate_unlink", dict(auth_data), request=request)

    async def find_user(self, auth_data: JSONObject, request: Any) -> str | None:
        """The objectId of the user whom the authData names otherwise than by its id."""
        if not self.has("find_user"):
            return None
        found = await self._call("find_user", dict(auth_data), request=request)
        if found is not None and not isinstance(found, str):
            raise TypeError("find_user must answer None or an objectId.")
        return found or None

    async def show(self, auth_data: JSONObject, request: Any) -> JSONObject:
        """What a client sees of stored authData (``after_find``)."""
        if not self.has("after_find"):
            return auth_data
        found = await self._call("after_find", dict(auth_data), request=request)
        if found is None:
            return auth_data
        if not isinstance(found, Mapping):
            raise TypeError("after_find must answer None or an object.")
        return dict(found)

    async def challenge(
        self, challenge_data: Any, auth_data: JSONObject | None, request: Any
    ) -> Any:
        """What the adapter answers ``/challenge``."""
        return await self._call("challenge", challenge_data, auth_data, request=request)

    async def _call(self, method: str, *arguments: Any, request: Any) -> Any:
        return await self.methods[method](*arguments, dict(self.options), request)


def is_same_id(adapter: object, given: Any, told: Any) -> bool:
    """Is the id that a client gives the one that the provider tells?"""
    if given == told or not getattr(adapter, "folds_ids", False):
        return bool(given == told)
    return isinstance(given, str) and isinstance(told, str) and folded(given) == folded(told)


def folded(text: str) -> str:
    """Text by which spellings are compared that differ in case, width and blanks (RFC 4518)."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _with_text_id(auth_data: JSONObject) -> JSONObject:
    """The same with its id as text: users are looked up by texts, some providers give numbers."""
    found = auth_data.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return {**auth_data, "id": str(found)}
    return auth_data
