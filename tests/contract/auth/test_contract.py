"""The contract of sign-in adapters finds the faults that it is there for."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from parsepy.auth.contract import AdapterContract
from parsepy.outgoing import Outgoing

SECRET = "secret of the tests"


def contract(of: Callable[..., object]) -> AdapterContract:
    """The contract of an adapter that should take the PIN "right" for an id."""

    class Contract(AdapterContract):
        adapter = of

        def options(self) -> dict[str, Any]:
            return {"secret": SECRET}

        def good(self) -> dict[str, Any]:
            return {"id": "17", "pin": "right"}

        def bad(self) -> Mapping[str, dict[str, Any]]:
            return {"a wrong PIN": {"id": "17", "pin": "wrong"}}

        def answer(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200)

        def proofs(self) -> tuple[str, ...]:
            return ("pin",)

    return Contract()


class Right:
    """What the others get wrong."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        if auth_data["pin"] != "right":
            raise ValueError("The PIN is wrong.")


class Careless(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        if auth_data.get("pin", "right") != "right":
            raise ValueError("The PIN is wrong.")


class Lenient(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        if isinstance(auth_data["pin"], str) and auth_data["pin"] != "right":
            raise ValueError("The PIN is wrong.")


class Open(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        return None


class Closed(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        raise ValueError("The PIN is wrong.")


class Talkative(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        if auth_data["pin"] != "right":
            raise ValueError(f"The PIN does not fit {self.secret}.")


class Renaming(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        await super().validate_auth_data(auth_data, options, request)
        return {"save": {"id": "18"}}


class Nested(Right):
    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        await super().validate_auth_data(auth_data, options, request)
        auth_data["more"].append("x")


class Forgetful(Right):
    """Keeps in itself whom it is asked about."""

    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        import asyncio

        self.pin = auth_data["pin"]
        await asyncio.sleep(0)
        if self.pin != "right":
            raise ValueError("The PIN is wrong.")


class Greedy(Right):
    def __init__(self, secret: str, **options: Any) -> None:
        super().__init__(secret)


class Trusting(Right):
    """Asks a provider, and takes every answer for a yes."""

    def __init__(self, secret: str, http: Outgoing) -> None:
        super().__init__(secret)
        self.http = http

    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        await super().validate_auth_data(auth_data, options, request)
        await self.http.get("https://login.example/")


FAULTS = {
    Careless: "test_authdata_without_a_proof_is_refused",
    Lenient: "test_a_proof_of_another_kind_is_refused",
    Open: "test_false_authdata_is_refused",
    Talkative: "test_a_refusal_tells_no_option",
    Renaming: "test_true_authdata_is_accepted",
    Forgetful: "test_many_at_once_do_not_disturb_each_other",
    Greedy: "test_an_option_that_it_does_not_have_stops_the_start",
    Trusting: "test_a_provider_that_fails_lets_nobody_in",
}
TESTS = [name for name in dir(AdapterContract) if name.startswith("test_")]


@pytest.mark.parametrize("adapter", FAULTS, ids=lambda adapter: adapter.__name__)
def test_a_fault_is_found(adapter: type) -> None:
    with pytest.raises(AssertionError):
        getattr(contract(adapter), FAULTS[adapter])()


@pytest.mark.parametrize("test", TESTS)
def test_an_adapter_without_a_fault_keeps_it(test: str) -> None:
    if test == "test_a_provider_that_fails_lets_nobody_in":
        with pytest.raises(Exception, match="asks no provider"):
            getattr(contract(Right), test)()
    else:
        getattr(contract(Right), test)()


def test_an_adapter_that_refuses_all_does_not_keep_it() -> None:
    with pytest.raises(ValueError, match="The PIN is wrong"):
        contract(Closed).test_true_authdata_is_accepted()


def test_authdata_that_is_changed_in_its_depth_is_found() -> None:
    it = contract(Nested)
    it.good = lambda: {"id": "17", "pin": "right", "more": []}  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="changed the authData"):
        it.test_authdata_is_not_changed()


def test_an_adapter_with_nothing_false_must_say_so() -> None:
    it = contract(Right)
    it.bad = dict  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="name at least one"):
        it.test_false_authdata_is_refused()
