"""``passkey``: sign-in by a key that a device or password manager keeps (WebAuthn).

A client asks ``/challenge`` with ``{"passkey": {"action": "register"}}`` or ``"login"``, gives the
``options`` of the answer to the browser, and signs up, links or logs in with the answer's ``state``
and the browser's ``credential``. A state is signed, lasts five minutes and counts once. Stored are
``id``, the user's handle by which they are found, and ``credentials``, one for each key.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from parsepy.auth.base import Answer, AuthAdapter, AuthRequest, Policy
from parsepy.auth.options import OptionsError
from parsepy.model.values import JSONObject, stamp

SECONDS = 300
"""How long a state is good."""
MOST = 20
"""Keys of one user."""
_HANDLE_SIZE, _CHALLENGE_SIZE = 32, 32  # bytes
_LONGEST_STATE = 2_000  # characters
_LONGEST_CREDENTIAL = 64_000  # characters; the longest attestations have some certificates
_LONGEST_NAME = 64
_NOT_VALID = "The passkey is not valid."
_HOST = r"[^\s/:@?#]+"
_DOMAIN = re.compile(_HOST)
# a secure page, one of this machine, or an application of Android's
_ORIGIN = re.compile(
    rf"https://{_HOST}(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?|android:apk-key-hash:[\w-]+"
)

Action = Literal["register", "login"]


@dataclass(frozen=True, slots=True)
class State:
    """What the server must know again when the browser has answered."""

    action: Action
    challenge: str
    expires: int
    handle: str | None
    """The handle of the user, if it is known who that is."""
    user_id: str | None
    """The objectId of the user who registers a key, None of one who signs up."""


def _wrong_names(options: "Passkey.Options") -> Iterator[str]:
    """What no browser takes, or compares equal, by the rules of WebAuthn."""
    if not _DOMAIN.fullmatch(options.rp_id):
        yield "rpId: expected a domain, without https:// and port"
    if not all(_ORIGIN.fullmatch(origin) for origin in options.origins or ()):
        yield 'origins: expected addresses such as "https://shop.example", without a path'


class Passkey(AuthAdapter):
    """Passkeys; each proves that the device has the key, and who holds it."""

    policy: ClassVar[Policy] = "solo"
    modes: ClassVar[tuple[str, ...]] = ("WebAuthn",)
    extra: ClassVar[str] = "passkeys"

    @dataclass(frozen=True)
    class Options:
        """What a configuration says of it.

        ``rpId`` is the domain that keys are made for, ``origins`` the pages that may ask for them:
        ``https://`` and that domain, if nothing else is said.
        """

        rp_id: str
        rp_name: str | None = None
        origins: tuple[str, ...] | None = None
        user_verification: Literal["required", "preferred", "discouraged"] = "required"

    def __init__(self, options: Options, signing_key: bytes) -> None:
        try:
            import webauthn
        except ImportError as error:
            raise OptionsError(
                ["needs the extra: pip install 'parsepy-server[passkeys]'"]
            ) from error
        wrong = list(_wrong_names(options))
        if wrong:
            raise OptionsError(wrong)
        self._webauthn = webauthn
        self._rp_id, self._rp_name = options.rp_id, options.rp_name or options.rp_id
        self._origins = list(options.origins or (f"https://{options.rp_id}",))
        self._verification = options.user_verification
        self._signing_key = signing_key

    # --- what the browser is asked --------------------------------------------------------------

    async def challenge(
        self,
        challenge_data: Any,
        auth_data: JSONObject | None,
        options: Mapping[str, Any],
        request: AuthRequest,
    ) -> Any:
        """The ``options`` for the browser, and the ``state`` to send back with its answer."""
        action = challenge_data.get("action") if isinstance(challenge_data, dict) else None
        if action == "register":
            return self._registration(challenge_data, request)
        if action == "login":
            return self._log_in(request)
        raise ValueError("A challenge of passkey has the action register or login.")

    def _registration(self, asked: JSONObject, request: AuthRequest) -> JSONObject:
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        user, stored = request.original, request.stored
        given = asked.get("name")
        name = given[:_LONGEST_NAME] if isinstance(given, str) else ""
        if user is not None:
            name = str(user.get("username") or name)
        handle = stored.get("id") or _to_text(secrets.token_bytes(_HANDLE_SIZE))
        state = self._new("register", handle, user["objectId"] if user is not None else None)
        made = self._webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_name,
            user_id=_to_bytes(handle),
            user_name=name or self._rp_name,
            challenge=_to_bytes(state.challenge),
            timeout=SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement(self._verification),
            ),
            exclude_credentials=_descriptors(stored),
        )
        return {"options": self._json(made), "state": self._signed(state)}

    def _log_in(self, request: AuthRequest) -> JSONObject:
        from webauthn.helpers.structs import UserVerificationRequirement

        state = self._new("login", request.stored.get("id"), None)
        made = self._webauthn.generate_authentication_options(
            rp_id=self._rp_id,
            challenge=_to_bytes(state.challenge),
            timeout=SECONDS * 1000,
            allow_credentials=_descriptors(request.stored),
            user_verification=UserVerificationRequirement(self._verification),
        )
        return {"options": self._json(made), "state": self._signed(state)}

    def _json(self, made: Any) -> JSONObject:
        found: JSONObject = json.loads(self._webauthn.options_to_json(made))
        return found

    # --- what it answers ------------------------------------------------------------------------

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> JSONObject | None:
        """The handle of the user whom the browser's answer names."""
        if "state" not in auth_data:
            return None
        state, credential = self._read(auth_data["state"]), _credential(auth_data)
        handle = state.handle
        if state.action == "login":
            handle = credential["response"].get("userHandle") or handle
        if not isinstance(handle, str):
            raise ValueError(_NOT_VALID)
        return {"id": handle, "state": auth_data["state"], "credential": credential}

    async def validate_set_up(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """The first key of a user, or of one who signs up by it."""
        return {"save": await self._registered(auth_data, {}, request)}

    async def validate_login(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """A key of the user has signed what the browser was asked."""
        state, credential = self._read(auth_data.get("state")), _credential(auth_data)
        stored = request.stored
        keys = list(stored.get("credentials") or ())
        place = next((n for n, key in enumerate(keys) if key["id"] == credential.get("id")), None)
        if state.action != "login" or place is None:
            raise ValueError(_NOT_VALID)
        await _use_up(state, request)
        try:
            found = self._webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=_to_bytes(state.challenge),
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
                credential_public_key=_to_bytes(keys[place]["publicKey"]),
                credential_current_sign_count=keys[place]["signCount"],
                require_user_verification=self._verification == "required",
            )
        except Exception as error:  # the library's own, and of what it makes of odd JSON
            raise ValueError(_NOT_VALID) from error
        keys[place] = {**keys[place], "signCount": found.new_sign_count}
        return {"save": {**stored, "credentials": keys}}

    async def validate_update(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """One more key, or one less (``{"remove": id}``); the master key stores what it likes."""
        stored = request.stored
        keys = list(stored.get("credentials") or ())
        if "remove" in auth_data:
            left = [key for key in keys if key["id"] != auth_data["remove"]]
            if len(left) == len(keys) or not left:
                raise ValueError("There is no such passkey, or it is the only one: unlink it.")
            return {"save": {**stored, "credentials": left}}
        if request.master and "state" not in auth_data:
            return None
        if any(key["id"] == _credential(auth_data).get("id") for key in keys):
            return {"doNotSave": True}  # the JavaScript SDK sends it again with other providers
        if len(keys) >= MOST:
            raise ValueError(f"A user has at most {MOST} passkeys.")
        return {"save": await self._registered(auth_data, stored, request)}

    async def after_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> JSONObject | None:
        """Clients see which keys there are."""
        if request.master:
            return None
        keys = auth_data.get("credentials") or ()
        shown = [{"id": key["id"], "createdAt": key["createdAt"]} for key in keys]
        return {"id": auth_data.get("id"), "credentials": shown}

    async def _registered(
        self, auth_data: JSONObject, stored: JSONObject, request: AuthRequest
    ) -> JSONObject:
        """What is stored with the key that the browser has made."""
        state, credential = self._read(auth_data.get("state")), _credential(auth_data)
        user_id = None if request.original is None else request.original["objectId"]
        if state.action != "register" or state.user_id != user_id:
            raise ValueError(_NOT_VALID)
        if stored and stored.get("id") != state.handle:
            raise ValueError(_NOT_VALID)
        await _use_up(state, request)
        try:
            found = self._webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=_to_bytes(state.challenge),
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
                require_user_verification=self._verification == "required",
            )
        except Exception as error:  # the library's own, and of what it makes of odd JSON
            raise ValueError(_NOT_VALID) from error
        key = {
            "id": _to_text(found.credential_id),
            "publicKey": _to_text(found.credential_public_key),
            "signCount": found.sign_count,
            "createdAt": stamp(),
        }
        return {"id": state.handle, "credentials": [*stored.get("credentials", ()), key]}

    # --- states ---------------------------------------------------------------------------------

    def _new(self, action: Action, handle: str | None, user_id: str | None) -> State:
        challenge = _to_text(secrets.token_bytes(_CHALLENGE_SIZE))
        return State(action, challenge, int(time.time()) + SECONDS, handle, user_id)

    def _signed(self, state: State) -> str:
        text = _to_text(json.dumps(asdict(state)).encode())
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return _to_text(hmac.digest(self._signing_key, text.encode(), hashlib.sha256))

    def _read(self, given: Any) -> State:
        """The state that a client has sent back; ``ValueError`` if it is not ours, or too old."""
        if isinstance(given, str) and len(given) <= _LONGEST_STATE and given.isascii():
            text, _, signature = given.partition(".")
            if hmac.compare_digest(self._signature(text), signature):
                state = State(**json.loads(_to_bytes(text)))
                if time.time() <= state.expires:
                    return state
        raise ValueError("The state of this passkey is not valid any more.")


async def _use_up(state: State, request: AuthRequest) -> None:
    if not await request.claim(state.challenge, 2 * SECONDS):
        raise ValueError("The state of this passkey is not valid any more.")


def _credential(auth_data: JSONObject) -> JSONObject:
    """What the browser has answered, of a bounded size: anybody may have it read and stored."""
    found = auth_data.get("credential")
    response = found.get("response") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(response, dict):
        raise ValueError(_NOT_VALID)
    texts = (text for text in (*found.values(), *response.values()) if isinstance(text, str))
    if sum(map(len, texts)) > _LONGEST_CREDENTIAL:
        raise ValueError(_NOT_VALID)
    return found


def _descriptors(stored: JSONObject) -> list[Any]:
    """The user's keys, as a browser is told of them."""
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    keys = stored.get("credentials") or ()
    return [PublicKeyCredentialDescriptor(id=_to_bytes(key["id"])) for key in keys]


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
