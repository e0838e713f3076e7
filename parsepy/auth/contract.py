"""``AdapterContract``: what every sign-in adapter must keep, as tests that its author inherits.

A test file of an adapter needs no more than this:

    class TestBadges(AdapterContract):
        adapter = Badges

        def options(self):
            return {"secret": "of the tests"}

        def good(self):
            return {"id": "17", "token": token_of("17")}

        def bad(self):
            return {"a made-up token": {"id": "17", "token": "0" * 64}}

pytest runs it; nothing is sent anywhere: an adapter that asks a provider by ``http`` is answered by
``answer``.
"""

import asyncio
import copy
import unittest
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from parsepy.auth.base import AuthProvider, Step, Validation
from parsepy.auth.opening import open_provider
from parsepy.auth.options import OptionsError
from parsepy.model.values import JSONObject, dumps
from parsepy.outgoing import Outgoing

if TYPE_CHECKING:
    import httpx

Answer = Callable[["httpx.Request"], "httpx.Response"]

_ODD: tuple[Any, ...] = (None, True, 7, 0.5, "", [], {}, ["x"], {"$ne": ""}, {"id": "x"})
_MANY = 20


class RequestInMemory:
    """An ``AuthRequest`` of a client without any server; what is kept and claimed is in it."""

    def __init__(self, stored: JSONObject | None = None, provider: str = "tested") -> None:
        self.provider = provider
        self.original: JSONObject | None = None
        if stored:
            self.original = {"objectId": "of the tests", "authData": {provider: stored}}
        self.step: Step = "login" if stored else "set_up"
        self.is_challenge = self.master = False
        self.ip = self.installation_id = self.user_id = None
        self.claimed: set[str] = set()

    @property
    def stored(self) -> JSONObject:
        """The user's authData; empty if there is none."""
        if self.original is None:
            return {}
        found: JSONObject = self.original["authData"].get(self.provider, {})
        return found

    async def keep(self, auth_data: JSONObject) -> None:
        """Store authData of the user."""
        if self.original is not None:
            self.original["authData"][self.provider] = auth_data

    async def claim(self, name: str, seconds: int) -> bool:
        """Take a name; False if it is taken."""
        is_free = name not in self.claimed
        self.claimed.add(name)
        return is_free

    async def release(self, name: str) -> None:
        """Give a name back."""
        self.claimed.discard(name)

    async def has_user(self, auth_id: str) -> bool:
        """Is it the id of the user?"""
        return self.stored.get("id") == auth_id


class AdapterContract:
    """The tests; a subclass says which adapter, and what is true and false to it."""

    adapter: ClassVar[Callable[..., object]]
    """The adapter's class."""
    is_gullible: ClassVar[bool] = False
    """Nothing is false to it: it only takes down what a client says, as ``anonymous`` does."""

    def options(self) -> Mapping[str, Any]:
        """The adapter's options, as a configuration gives them."""
        return {}

    def good(self) -> JSONObject:
        """AuthData that is true."""
        raise NotImplementedError

    def bad(self) -> Mapping[str, JSONObject]:
        """AuthData that is false, by what is wrong with it."""
        return {}

    def proofs(self) -> tuple[str, ...]:
        """The fields of ``good`` that prove it, each of which must be there and right."""
        return tuple(self.good())

    def stored(self) -> JSONObject:
        """What is stored of a user for whom ``good`` is true; nothing of one who signs up."""
        return {}

    def shown(self) -> JSONObject | None:
        """What a client sees of the stored authData; None: as much as the adapter likes."""
        return None

    def answer(self, request: "httpx.Request") -> "httpx.Response":
        """What the provider answers a request of the adapter; as it documents it."""
        raise AssertionError(f"no answer is made up for {request.method} {request.url}")

    # --- the start --------------------------------------------------------------------------

    def test_a_server_takes_the_adapter_at_its_start(self) -> None:
        """The class can be made of its options, and has the methods that are called."""
        assert isinstance(self._opened(), AuthProvider)

    def test_an_option_that_it_does_not_have_stops_the_start(self) -> None:
        """A misspelled option would otherwise be a default that nobody meant."""
        problems: tuple[str, ...] = ()
        try:
            self._opened({**self.options(), "noSuchOption": "x"})
        except OptionsError as error:
            problems = error.problems
        assert any("noSuchOption" in problem for problem in problems), (
            "the adapter accepts an option that it does not declare"
        )

    # --- what is true -----------------------------------------------------------------------

    def test_true_authdata_is_accepted(self) -> None:
        """What is to be stored is JSON, and says the same identity."""
        good = self.good()
        found = self._validated(good)
        dumps([found.save, found.response])
        if found.save is not None and "id" in good:
            assert found.save.get("id") == good["id"], "another id is stored than was proven"

    def test_authdata_is_not_changed(self) -> None:
        """It is also what is compared with the stored one."""
        good = self.good()
        given = copy.deepcopy(good)
        self._validated(given)
        assert given == good, "validate_auth_data changed the authData that it was given"

    def test_what_is_shown_is_no_more_than_it_should_be(self) -> None:
        """Stored authData is shown to its user."""
        expected = self.shown()
        if expected is None:
            raise unittest.SkipTest("the adapter shows what it stores")
        kept = self.stored() or self._validated(self.good()).save or {}
        request = RequestInMemory(kept)
        assert asyncio.run(self._opened().show(kept, request)) == expected

    def test_many_at_once_do_not_disturb_each_other(self) -> None:
        """One adapter serves all requests of a process."""
        good, bad = self.good(), list(self.bad().values())

        async def ask() -> list[Validation | BaseException]:
            provider = self._opened()
            asked = [good, *bad] * _MANY
            calls = (self._ask(provider, copy.deepcopy(data)) for data in asked)
            return await asyncio.gather(*calls, return_exceptions=True)

        answers = asyncio.run(ask())
        accepted = [isinstance(answer, Validation) for answer in answers]
        assert accepted == [True, *(False for _ in bad)] * _MANY, (
            "asked many times at once, the adapter answers otherwise than asked once"
        )

    # --- what is false ----------------------------------------------------------------------

    def test_false_authdata_is_refused(self) -> None:
        """Each of ``bad``, by an exception."""
        self._skip_if_gullible()
        bad = self.bad()
        assert bad, "name at least one authData that is false"
        for label, data in bad.items():
            self._refused(label, data)

    def test_authdata_without_a_proof_is_refused(self) -> None:
        """Nothing is taken for granted that a client leaves out."""
        self._skip_if_gullible()
        for name in self.proofs():
            data = self.good()
            del data[name]
            self._refused(f"no {name}", data)
        self._refused("nothing at all", {})

    def test_a_proof_of_another_kind_is_refused(self) -> None:
        """A client may send any JSON."""
        self._skip_if_gullible()
        for name in self.proofs():
            for odd in _ODD:
                self._refused(f"{name}: {odd!r}", {**self.good(), name: odd})

    def test_a_refusal_tells_no_option(self) -> None:
        """Its text goes to the client."""
        self._skip_if_gullible()
        secrets = list(_texts(self.options()))
        for label, data in self.bad().items():
            message = str(self._refused(label, data))
            told = [secret for secret in secrets if secret in message]
            assert not told, f"{label}: the refusal tells the client an option: {message}"

    # --- the provider -----------------------------------------------------------------------

    def test_a_provider_that_fails_lets_nobody_in(self) -> None:
        """Not reached, slow, in trouble, or answering what nobody understands."""
        asked: list[httpx.Request] = []

        def noted(request: "httpx.Request") -> "httpx.Response":
            asked.append(request)
            return self.answer(request)

        self._validated(self.good(), noted)
        if not asked:
            raise unittest.SkipTest("the adapter asks no provider")
        for label, answer in _failures().items():
            self._refused(f"a provider that {label}", self.good(), answer)

    # --- how ---------------------------------------------------------------------------------

    def _opened(
        self, options: Mapping[str, Any] | None = None, answer: Answer | None = None
    ) -> AuthProvider:
        import httpx

        transport = httpx.MockTransport(answer or self.answer)
        make = type(self).adapter
        given = self.options() if options is None else options
        return open_provider(make, given, Outgoing(5, transport=transport))

    def _validated(self, data: JSONObject, answer: Answer | None = None) -> Validation:
        return asyncio.run(self._ask(self._opened(answer=answer), data))

    async def _ask(self, provider: AuthProvider, data: JSONObject) -> Validation:
        """As a log-in asks: who is it, and is it true?"""
        request = RequestInMemory(self.stored())
        identified = await provider.identify(data, request)
        return await provider.validate(identified, request, request.step)

    def _refused(self, label: str, data: JSONObject, answer: Answer | None = None) -> Exception:
        async def ask() -> Validation | BaseException:
            call = self._ask(self._opened(answer=answer), data)
            (found,) = await asyncio.gather(call, return_exceptions=True)
            return found

        found = asyncio.run(ask())
        if isinstance(found, AssertionError):  # there is no made-up answer
            raise found
        # whatever else an adapter raises is a refusal
        assert isinstance(found, Exception), f"accepted, though it is false: {label}"
        return found

    def _skip_if_gullible(self) -> None:
        if self.is_gullible:
            raise unittest.SkipTest("nothing is false to this adapter")


def _failures() -> dict[str, Answer]:
    import httpx

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too late")

    def saying(status: int, content: bytes) -> Answer:
        return lambda request: httpx.Response(status, content=content)

    return {
        "can't be reached": unreachable,
        "is slow": slow,
        "has an error": saying(500, b"{}"),
        "knows nothing": saying(404, b"{}"),
        "refuses": saying(401, b'{"error": "invalid_token"}'),
        "sends elsewhere": lambda request: httpx.Response(302, headers={"Location": "/login"}),
        **{
            f"answers {text.decode()!r}": saying(200, text)
            for text in (b"", b"<html></html>", b"null", b"[]", b'"x"', b"7", b"{}", b"true")
        },
    }


def _texts(value: Any) -> Iterator[str]:
    """The texts of options that are long enough to be a secret."""
    if isinstance(value, str):
        if len(value) >= 6:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
