"""Third parties' adapters keep the contract; they are answered as the providers document it."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import pytest

from parsepy.auth.base import AuthAdapter
from parsepy.auth.contract import AdapterContract
from parsepy.auth.opening import open_provider
from parsepy.auth.options import OptionsError
from parsepy.auth.providers import THIRD_PARTIES, base_of
from parsepy.errors import ParseError
from parsepy.outgoing import Outgoing
from tests.providers.cases import CASES, Case
from tests.providers.fake import answer_httpx


def adapter_of(case: Case) -> type:
    return base_of(case.options) or THIRD_PARTIES[case.name]


class Contract(AdapterContract):
    """What a case says."""

    __test__ = False
    case: ClassVar[Case]

    def options(self) -> Mapping[str, Any]:
        return self.case.options

    def good(self) -> dict[str, Any]:
        return copy.deepcopy(self.case.good)

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return copy.deepcopy(self.case.bad)

    def proofs(self) -> tuple[str, ...]:
        return self.case.proofs

    def shown(self) -> dict[str, Any] | None:
        shows_all = type(self).adapter.after_find is AuthAdapter.after_find  # type: ignore[attr-defined]
        return None if shows_all else {"id": self.case.user_id}

    def answer(self, request: httpx.Request) -> httpx.Response:
        return answer_httpx(request)


for _case in CASES:
    _name = f"Test{_case.label.title().replace(' ', '')}"
    _members = {"case": _case, "adapter": adapter_of(_case), "__test__": True}
    globals()[_name] = type(_name, (Contract,), _members)

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)


def opened(case: Case, answer: Any = answer_httpx) -> Any:
    http = Outgoing(5, transport=httpx.MockTransport(answer))
    return open_provider(adapter_of(case), case.options, http).adapter


def test_every_third_party_has_a_case() -> None:
    assert {case.name for case in CASES} >= THIRD_PARTIES.keys() - {"ldap"}


@EACH
async def test_the_provider_says_who_it_is(case: Case) -> None:
    adapter = opened(case)
    nameless = {key: value for key, value in case.good.items() if key != "id"}
    if case.name != "gcenter":  # whose players sign for their own id
        found = await adapter.before_find(nameless, {}, None)
        assert found["id"] == case.user_id
    found = await adapter.before_find({**case.good, "id": case.user_id}, {}, None)
    assert found["id"] == case.user_id
    assert "code" not in found
    assert await adapter.validate_auth_data(found, {}, None) == {"save": found}


@EACH
async def test_what_was_not_proven_here_is_not_taken_on_trust(case: Case) -> None:
    found = await opened(case).before_find(case.good, {}, None)
    elsewhere = opened(case)
    for forged in ({"id": case.user_id}, {**found, "id": "another"}):
        with pytest.raises(ParseError):
            await elsewhere.validate_auth_data(forged, {}, None)


@EACH
async def test_an_answer_that_is_too_large_lets_nobody_in(case: Case) -> None:
    def large(request: httpx.Request) -> httpx.Response:
        said = answer_httpx(request)
        return httpx.Response(said.status_code, content=said.content + b" " * 600_000)

    with pytest.raises(ParseError):
        await opened(case, large).before_find(case.good, {}, None)


@EACH
@pytest.mark.parametrize("odd", [None, 1002, True, ["1001"], {"$ne": ""}, ""])
async def test_an_id_of_another_kind_is_refused(case: Case, odd: Any) -> None:
    with pytest.raises(ParseError):
        await opened(case).before_find({**case.good, "id": odd}, {}, None)


@EACH
def test_a_missing_option_stops_the_start(case: Case) -> None:
    for name in case.needed:
        less = {key: value for key, value in case.options.items() if key != name}
        with pytest.raises(OptionsError) as caught:
            open_provider(adapter_of(case), less, Outgoing())
        assert any(problem.startswith(name) for problem in caught.value.problems)
        empties: tuple[Any, ...] = ("", " ", None, [], 7)
        for empty in empties:
            with pytest.raises(OptionsError):
                open_provider(adapter_of(case), {**case.options, name: empty}, Outgoing())
