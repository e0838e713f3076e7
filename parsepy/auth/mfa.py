"""``mfa``: a second factor by authenticator app (TOTP) or text message (protocol §15.10).

The wire and storage format are Parse Server's. Beyond it: a code counts once (``lastStep`` is the
last time step that was used up), what is set up is changed and taken away only with a code, and a
number gets one message a minute.
"""

import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal

import pyotp

from parsepy.auth.base import Answer, AuthAdapter, AuthRequest, CodeSent, Policy
from parsepy.auth.options import Called, OptionsError, option
from parsepy.model.values import JSONObject, date, from_iso, now

COOL_DOWN = 60
"""Seconds between two messages to one number."""
_METHODS = ("TOTP", "SMS")
_DIGITS = (4, 10)
_SHORTEST_PERIOD = 10
_SECRET_SIZES = (20, 256)  # characters of base32
_RECOVERY_CODES, _RECOVERY_SIZE = 2, 30
_LONGEST_NUMBER = 40
# Parse: a number is also a key of what is stored, so it has no dots
_NUMBER = re.compile(r"[+]*[(]?[0-9]{1,3}[)]?[- /0-9]*")
_LETTERS = string.ascii_letters + string.digits
_DIGESTS = {
    "SHA1": hashlib.sha1,
    "SHA224": hashlib.sha224,
    "SHA256": hashlib.sha256,
    "SHA384": hashlib.sha384,
    "SHA512": hashlib.sha512,
}

_WRONG = "Invalid MFA token"
_NO_DATA = "Invalid MFA data"


class MultiFactor(AuthAdapter):
    """TOTP codes, recovery codes, and codes that are sent to a telephone."""

    policy: ClassVar[Policy] = "additional"
    modes: ClassVar[tuple[str, ...]] = ("TOTP", "recovery code", "code by message")

    @dataclass(frozen=True)
    class Options:
        """What a configuration says of it; ``sendSMS`` is called with the code and the number."""

        options: tuple[str, ...]
        digits: int = 6
        period: int = 30
        algorithm: Literal["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"] = "SHA1"
        send_sms: Called | None = option("sendSMS", default=None)  # noqa: RUF009 - a field

    def __init__(self, options: Options) -> None:
        problems = list(_problems(options))
        if problems:
            raise OptionsError(problems)
        self._has_totp = "TOTP" in options.options
        self._has_sms = "SMS" in options.options
        self._digits, self._period = options.digits, options.period
        self._digest = _DIGESTS[options.algorithm]
        self._send_sms = options.send_sms

    # --- the steps ------------------------------------------------------------------------------

    async def validate_set_up(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """A secret with a code of it, or a number that a code is sent to."""
        if auth_data.get("mobile") and self._has_sms:
            return {"save": await self._pending({}, auth_data["mobile"], request)}
        if self._has_totp:
            return self._enrolled(auth_data)
        raise ValueError(_NO_DATA)

    async def validate_login(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """A code, which is used up; or the wish that one be sent."""
        if _is_pending(request.stored):
            return {"doNotSave": True}
        return {"save": await self._proven(auth_data.get("token"), request)}

    async def validate_update(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """A number is confirmed; or something else is set up, which takes a code as ``old``.

        The master key stores what it likes.
        """
        if request.master:
            return None
        stored, mobile, old = request.stored, auth_data.get("mobile"), auth_data.get("old")
        if old is None and _is_sent_again(auth_data, stored):
            return {"doNotSave": True}
        if mobile and self._has_sms:
            if auth_data.get("token"):
                return {"save": _confirmed(stored, mobile, auth_data["token"])}
            if not _is_pending(stored):
                if old is None:
                    raise ValueError("MFA is already set up on this account")
                stored = await self._proven(old, request)
            return {"save": await self._pending(stored, mobile, request)}
        if self._has_totp:
            if not _is_pending(stored):
                await self._proven(old, request)
            return self._enrolled(auth_data)
        raise ValueError(_NO_DATA)

    async def validate_unlink(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> None:
        """What is set up is taken away only with a code, as ``token`` or ``old``."""
        if not _is_pending(request.stored):
            await self._proven(auth_data.get("token", auth_data.get("old")), request)

    # --- what is proven -------------------------------------------------------------------------

    async def _proven(self, token: Any, request: AuthRequest) -> JSONObject:
        """What is stored once this code is used up; ``ValueError`` if it is wrong."""
        stored = request.stored
        if isinstance(token, str):
            for index, code in enumerate(stored.get("recovery") or ()):
                if _is_same(code, token):
                    left = [c for place, c in enumerate(stored["recovery"]) if place != index]
                    return {**stored, "recovery": left}
        if self._has_sms and stored.get("mobile"):
            return await self._received(token, stored, request)
        if not (self._has_totp and stored.get("secret")):
            raise ValueError(_WRONG)  # set up in a way that is not offered (any more)
        step = self._step_of(stored["secret"], token)
        if step is None or step <= (stored.get("lastStep") or 0):
            raise ValueError(_WRONG)
        return {**stored, "lastStep": step}

    async def _received(self, token: Any, stored: JSONObject, request: AuthRequest) -> JSONObject:
        """What is stored once the code of a message is used up; ``request`` has it sent."""
        if token == "request":
            sent = await self._send(stored["mobile"], request)
            await request.keep({**stored, **sent})
            raise CodeSent("Please enter the token")
        if not _is_same(stored.get("token"), token):
            raise ValueError("Invalid MFA token 1")
        if not _is_fresh(stored):
            raise ValueError("Invalid MFA token 2")
        return {name: value for name, value in stored.items() if name not in ("token", "expiry")}

    # --- authenticator apps -----------------------------------------------------------------------

    def _enrolled(self, auth_data: JSONObject) -> JSONObject:
        """A secret of which the client shows a code, with new recovery codes."""
        secret, token = auth_data.get("secret"), auth_data.get("token")
        shortest, longest = _SECRET_SIZES
        if not token or not isinstance(secret, str) or not shortest <= len(secret) <= longest:
            raise ValueError(_NO_DATA)
        step = self._step_of(secret, token)
        if step is None:
            raise ValueError(_WRONG)
        recovery = ["".join(_random(_LETTERS, _RECOVERY_SIZE)) for _ in range(_RECOVERY_CODES)]
        return {
            "response": {"recovery": ", ".join(recovery)},
            "save": {"secret": secret, "recovery": recovery, "lastStep": step},
        }

    def _step_of(self, secret: str, token: Any) -> int | None:
        """The time step, of three, whose code this is; None if it is of none."""
        if not isinstance(token, str) or len(token) != self._digits:
            return None
        step = int(time.time()) // self._period
        try:
            # TOTP is HOTP of the time step (RFC 6238); pyotp's own bounds the period
            hotp = pyotp.HOTP(secret, digits=self._digits, digest=self._digest)
            codes = {each: hotp.at(each) for each in (step - 1, step, step + 1)}
        except ValueError as error:  # no base32
            raise ValueError(_NO_DATA) from error
        found = [each for each, code in codes.items() if _is_same(code, token)]
        return max(found, default=None)

    # --- messages ---------------------------------------------------------------------------------

    async def _pending(self, stored: JSONObject, mobile: Any, request: AuthRequest) -> JSONObject:
        """What is stored once a code has been sent to a number that is to be confirmed."""
        sent = await self._send(mobile, request)
        return {**stored, "pending": {mobile: sent}}

    async def _send(self, mobile: Any, request: AuthRequest) -> JSONObject:
        """Send a new code; it, and when it expires."""
        is_number = isinstance(mobile, str) and len(mobile) <= _LONGEST_NUMBER
        if not is_number or not _NUMBER.fullmatch(mobile):
            raise ValueError("Invalid mobile number.")
        # one number may be written in many ways
        name = hashlib.sha256(re.sub(r"\D", "", mobile).encode()).hexdigest()
        if not await request.claim(name, COOL_DOWN):
            raise CodeSent("A code was sent already. Please wait a minute.")
        code = "".join(_random(string.digits, self._digits))
        assert self._send_sms is not None  # the options were checked
        try:
            await self._send_sms(code, mobile)
        except BaseException:
            await request.release(name)
            raise
        return {"token": code, "expiry": date(now() + timedelta(seconds=self._period))}


def _problems(options: MultiFactor.Options) -> list[str]:
    shortest, longest = _DIGITS
    problems = []
    if not options.options or not set(options.options) <= set(_METHODS):
        problems.append(f"options: expected {' or '.join(_METHODS)}")
    if not shortest <= options.digits <= longest:
        problems.append(f"digits: expected {shortest} to {longest}")
    if options.period < _SHORTEST_PERIOD:
        problems.append(f"period: expected {_SHORTEST_PERIOD} or more")
    if "SMS" in options.options and options.send_sms is None:
        problems.append('sendSMS is missing: a function, as "module:function"')
    return problems


def _is_pending(stored: JSONObject) -> bool:
    """Has only a number been named, but not confirmed?"""
    return set(stored) == {"pending"}


def _is_sent_again(auth_data: JSONObject, stored: JSONObject) -> bool:
    """Is this what was set up? The JavaScript SDK sends it again with each provider it links."""
    secret, mobile = auth_data.get("secret"), auth_data.get("mobile")
    if isinstance(secret, str) and secret:
        return _is_same(stored.get("secret"), secret)
    is_confirmed = bool(mobile) and stored.get("mobile") == mobile
    return is_confirmed and bool(auth_data.get("token")) and not stored.get("pending")


def _confirmed(stored: JSONObject, mobile: Any, token: Any) -> JSONObject:
    """What is stored once a number is confirmed by the code that was sent to it."""
    pending = stored.get("pending") or {}
    sent = pending.get(mobile) if isinstance(mobile, str) else None
    if not sent:
        raise ValueError("This number is not pending")
    if not _is_same(sent.get("token"), token) or not _is_fresh(sent):
        raise ValueError(_WRONG)
    left = {number: each for number, each in pending.items() if number != mobile}
    return {**stored, "pending": left, "mobile": mobile}


def _is_fresh(sent: JSONObject) -> bool:
    expiry = sent.get("expiry")
    moment = from_iso(expiry.get("iso")) if isinstance(expiry, dict) else None
    return moment is not None and now() <= moment


def _is_same(stored: Any, given: Any) -> bool:
    """Are two texts the same? Compared in a time that tells nothing of where they differ."""
    if not isinstance(stored, str) or not isinstance(given, str):
        return False
    return hmac.compare_digest(stored.encode(), given.encode("utf-8", "surrogatepass"))


def _random(letters: str, size: int) -> list[str]:
    return [secrets.choice(letters) for _ in range(size)]
