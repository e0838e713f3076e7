"""``ProvingAdapter``: proves an identity once, before the user is looked up, and remembers that.

What a provider says is what counts: a client's ``id`` may only agree with it. Proven is what
``before_find`` made of the authData; ``validate_auth_data`` accepts just that, for a minute, and
proves whatever else it is asked for itself, so that nothing is ever taken on trust.
"""

import hashlib
import json
import re
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from parsepy.auth.base import AuthAdapter, is_same_id
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject

LONGEST = 16_384
"""Characters of a code or token that a client may send; tokens of directories are the longest."""
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_LONGEST_ID = 1_000
_SECONDS = 60.0
_MOST = 10_000


class ProvingAdapter(AuthAdapter, ABC):
    """A provider whose proof is used up, or costs a request: it is asked once (protocol §15.2)."""

    title: ClassVar[str]
    """The provider's name, as refusals tell it."""
    modes: ClassVar[tuple[str, ...]] = ()
    """What a client may send to sign in, as ``parsepy show providers`` tells it."""
    extra: ClassVar[str] = ""
    """The extra of the package that brings a library which the provider needs."""

    def __init__(self) -> None:
        self._proofs = Proofs()

    @abstractmethod
    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """What is stored, with the ``id`` that the provider told; raises ``ParseError``."""

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> JSONObject:
        """Ask the provider; raises ``ParseError``, also where a client's ``id`` is another's."""
        return self.remember(await self._proven(auth_data))

    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> Mapping[str, Any] | None:
        """Accept what has just been proven; else prove it, which raises ``ParseError``."""
        if auth_data not in self._proofs:
            auth_data = await self._proven(auth_data)
        email = self.verified_email(auth_data)
        return {"save": auth_data, **({} if email is None else {"verifiedEmail": email})}

    def remember(self, proven: JSONObject) -> JSONObject:
        """Take authData for proven, for a minute; the same is returned."""
        self._proofs.add(proven)
        return proven

    def verified_email(self, proven: JSONObject) -> str | None:
        """The address that the provider has verified, of authData that is proven."""

    async def _proven(self, auth_data: JSONObject) -> JSONObject:
        proven = await self.prove(auth_data)
        if "id" in auth_data and not is_same_id(self, auth_data["id"], proven["id"]):
            raise self.refused()
        return proven

    def refused(self, text: str = "") -> ParseError:
        """The refusal of a proof that is not true."""
        told = text or f"{self.title} auth is invalid for this user."
        return ParseError(Code.OBJECT_NOT_FOUND, told)


class Proofs:
    """What was proven within the last minute, by digest; a bounded number."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    def add(self, auth_data: JSONObject) -> None:
        """Remember it; what is too old goes, and the oldest of too many."""
        now = self._clock()
        digest = _digest(auth_data)
        self._ends[digest] = now + _SECONDS
        self._ends.move_to_end(digest)
        while len(self._ends) > _MOST or next(iter(self._ends.values())) <= now:
            self._ends.popitem(last=False)

    def __contains__(self, auth_data: JSONObject) -> bool:
        """Was it proven within the last minute?"""
        return self._ends.get(_digest(auth_data), 0.0) > self._clock()


def _digest(auth_data: JSONObject) -> bytes:
    return hashlib.sha256(json.dumps(auth_data, sort_keys=True).encode()).digest()


def text_of(auth_data: Mapping[str, Any], name: str) -> str | None:
    """A code or token of authData: printable ASCII of a bounded length (RFC 6749 A), or None."""
    value = auth_data.get(name)
    if isinstance(value, str) and len(value) <= LONGEST and _PRINTABLE.fullmatch(value):
        return value
    return None


def identity_of(value: Any) -> str | None:
    """A provider's id as text, as which ids are stored; some providers tell numbers.

    None for what can't be an id: nothing, no number from one on, signs that can't be shown.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value > 0 else None
    is_text = isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()
    return value if is_text else None
