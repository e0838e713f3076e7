"""A sign-in adapter is checked at the start: its class, its methods, its options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from parsepy.adapters import check_providers, open_providers
from parsepy.auth.base import AuthAdapter, AuthProvider, Step
from parsepy.auth.opening import AdapterError, check_options, open_provider
from parsepy.auth.options import Called, OptionsError, functions_of, option, read_options
from parsepy.config import Config, ConfigError
from parsepy.errors import ParseError
from parsepy.outgoing import Outgoing

HTTP = Outgoing()


class Badges:
    """An adapter as an author writes it."""

    policy = "additional"

    def __init__(self, secret: str, issuer: str = "us") -> None:
        self.secret, self.issuer = secret, issuer

    async def validate_auth_data(self, auth_data: Any, options: Any, request: Any) -> Any:
        return {"save": {"id": auth_data["id"]}, "response": options["issuer"]}


async def test_an_adapter_is_bound_to_its_options() -> None:
    provider = open_provider(Badges, {"secret": "s", "issuer": "them"}, HTTP)
    assert provider.policy == "additional"
    found = await provider.validate({"id": "17", "pin": "right"}, None)
    assert (found.save, found.response) == ({"id": "17"}, "them")


async def test_a_validator_of_app_ids_is_asked_first() -> None:
    calls: list[Any] = []

    class Both(Badges):
        async def validate_app_id(self, app_ids: Any, *_: Any) -> None:
            calls.append(app_ids)

        async def validate_auth_data(self, *_: Any) -> None:
            calls.append("data")

    settings = {"secret": "s", "appIds": ["a"]}
    provider = open_provider(Both, {"secret": "s"}, HTTP, settings)
    found = await provider.validate({"id": "17"}, None)
    assert calls == [["a"], "data"]
    assert (found.save, found.response) == ({"id": "17"}, None)


@pytest.mark.parametrize("answer", [False, True, "no", 0, [], {"save": "text"}, {"save": []}])
async def test_an_answer_that_is_no_object_refuses(answer: Any) -> None:
    class Odd(Badges):
        async def validate_auth_data(self, *_: Any) -> Any:
            return answer

    with pytest.raises(TypeError):
        await open_provider(Odd, {"secret": "s"}, HTTP).validate({"id": "17"}, None)


async def test_an_adapter_may_store_nothing() -> None:
    class Fleeting(Badges):
        async def validate_auth_data(self, *_: Any) -> Any:
            return {"doNotSave": True}

    found = await open_provider(Fleeting, {"secret": "s"}, HTTP).validate({"id": "17"}, None)
    assert found.save is None


def test_the_http_client_is_injected_where_a_parameter_asks_for_it() -> None:
    class Asking(Badges):
        def __init__(self, secret: str, *, http: Outgoing) -> None:
            super().__init__(secret)
            self.http = http

    provider = open_provider(Asking, {"secret": "s"}, HTTP)
    assert isinstance(provider.adapter, Asking)
    assert provider.adapter.http is HTTP


# --- what stops the start -----------------------------------------------------------------------


class NoValidator:
    """Offers nothing."""


class JavaScript:
    """Has the method by the name that it has in JavaScript."""

    async def validateAuthData(self, *_: Any) -> None:
        """Never called."""


class Plain:
    """Would be awaited, and is not to be."""

    def validate_auth_data(self, *_: Any) -> None:
        """Plain."""


class TooFew:
    """Takes the data alone."""

    async def validate_auth_data(self, auth_data: Any) -> None:
        """Called with more."""


class OddPolicy(Badges):
    """Counts for what nobody knows."""

    policy = "aditional"

    def __init__(self) -> None:
        super().__init__("s")


class Abstract(AuthAdapter):
    """Says that it is one, and leaves all methods to the interface, which refuse nothing."""


class TwoOfThree:
    """Would let everybody change what is linked."""

    async def validate_set_up(self, auth_data: Any, options: Any, request: Any) -> None:
        """To link it."""

    async def validate_login(self, auth_data: Any, options: Any, request: Any) -> None:
        """To log in."""


class BothForms(Badges):
    """Leaves open which of its validators is asked."""

    def __init__(self) -> None:
        super().__init__("s")

    async def validate_set_up(self, auth_data: Any, options: Any, request: Any) -> None:
        """Never called."""


class PlainChallenge(Badges):
    """Has an optional method that can't be awaited."""

    def __init__(self) -> None:
        super().__init__("s")

    def challenge(self, *_: Any) -> None:
        """Plain."""


class Broken:
    """Can't be made."""

    def __init__(self) -> None:
        raise KeyError("no")


WRONG: dict[type[Any], str] = {
    NoValidator: "lacks async def validate_auth_data(self, auth_data, options, request)",
    JavaScript: '; is "validateAuthData" meant to be it?',
    Plain: "must be async def validate_auth_data(self, auth_data, options, request)",
    TooFew: "takes other arguments than async def validate_auth_data",
    OddPolicy: "policy must be one of default, additional, solo",
    Abstract: "lacks async def validate_auth_data(self, auth_data, options, request)",
    TwoOfThree: "lacks async def validate_update(self, auth_data, options, request)",
    BothForms: "has validate_auth_data and validate_set_up: only one form can be asked",
    PlainChallenge: (
        "challenge must be async def challenge(self, challenge_data, auth_data, options, request)"
    ),
    Broken: "failed: KeyError: 'no'",
}


@pytest.mark.parametrize("adapter", WRONG, ids=lambda adapter: adapter.__name__)
def test_what_is_no_adapter_stops_the_start(adapter: type[Any]) -> None:
    with pytest.raises(AdapterError) as caught:
        open_provider(adapter, {}, HTTP)
    assert WRONG[adapter] in str(caught.value)


def test_a_misspelled_option_names_the_nearest_one() -> None:
    with pytest.raises(OptionsError) as caught:
        open_provider(Badges, {"sekret": "s", "isuer": "x", "far": 1}, HTTP)
    assert caught.value.problems == (
        'unknown option "sekret": did you mean "secret"?',
        'unknown option "isuer": did you mean "issuer"?',
        'unknown option "far"',
        "secret is missing",
    )


def test_an_adapter_that_takes_whatever_it_is_given_gets_it() -> None:
    class Any_(Badges):
        def __init__(self, **options: Any) -> None:
            super().__init__(options["hidden"])

    assert open_provider(Any_, {"hidden": "s"}, HTTP).options == {"hidden": "s"}


# --- what else an adapter may offer -------------------------------------------------------------


class Whole(AuthAdapter):
    """Offers all that an adapter can, and takes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def validate_options(self, options: Any) -> None:
        if options.get("keys") == "lost":
            raise ValueError("The keys are lost.")

    async def validate_set_up(self, auth_data: Any, options: Any, request: Any) -> Any:
        self.asked.append("set_up")

    async def validate_login(self, auth_data: Any, options: Any, request: Any) -> Any:
        self.asked.append("login")
        return {"save": {"id": 7}}

    async def validate_update(self, auth_data: Any, options: Any, request: Any) -> Any:
        self.asked.append("update")

    async def validate_unlink(self, auth_data: Any, options: Any, request: Any) -> None:
        self.asked.append("unlink")

    async def before_find(self, auth_data: Any, options: Any, request: Any) -> Any:
        return None if auth_data["code"] == "known" else {"id": int(auth_data["code"])}

    async def find_user(self, auth_data: Any, options: Any, request: Any) -> Any:
        return auth_data.get("user")

    async def after_find(self, auth_data: Any, options: Any, request: Any) -> Any:
        return {"id": auth_data["id"]} if "code" in auth_data else None

    async def challenge(
        self, challenge_data: Any, auth_data: Any, options: Any, request: Any
    ) -> Any:
        return [challenge_data, auth_data]


async def test_each_step_has_a_validator() -> None:
    provider = open_provider(Whole, {}, HTTP)
    for step in get_args(Step):
        await provider.validate({"id": "7"}, None, step)
    await provider.may_unlink({}, None)
    assert isinstance(provider.adapter, Whole)
    assert provider.adapter.asked == ["set_up", "login", "update", "unlink"]


async def test_ids_become_text() -> None:
    provider = open_provider(Whole, {}, HTTP)
    assert await provider.identify({"code": "7"}, None) == {"id": "7"}
    assert (await provider.validate({"id": "7"}, None, "login")).save == {"id": "7"}


async def test_a_client_may_only_claim_the_id_that_the_provider_tells() -> None:
    provider = open_provider(Whole, {}, HTTP)
    assert await provider.identify({"code": "7", "id": "7"}, None) == {"id": "7"}
    assert await provider.identify({"code": "known", "id": "8"}, None) == {
        "code": "known",
        "id": "8",
    }
    with pytest.raises(ParseError, match="not the one of this sign-in"):
        await provider.identify({"code": "7", "id": "8"}, None)


async def test_what_is_shown_challenged_and_found_comes_of_the_adapter() -> None:
    provider = open_provider(Whole, {}, HTTP)
    assert await provider.show({"id": "7", "code": "x"}, None) == {"id": "7"}
    assert await provider.show({"id": "7"}, None) == {"id": "7"}
    assert await provider.challenge("sms", None, None) == ["sms", None]
    assert await provider.find_user({"user": "u1"}, None) == "u1"
    assert await provider.find_user({}, None) is None


async def test_what_an_adapter_does_not_offer_changes_nothing() -> None:
    provider = open_provider(Badges, {"secret": "s"}, HTTP)
    data = {"id": "17"}
    assert await provider.identify(data, None) is data
    assert await provider.show(data, None) is data
    assert await provider.find_user(data, None) is None
    await provider.may_unlink(data, None)
    await check_options(provider)
    assert not provider.has("challenge")


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("before_find", lambda provider: provider.identify({"id": "7"}, None)),
        ("after_find", lambda provider: provider.show({"id": "7"}, None)),
        ("find_user", lambda provider: provider.find_user({"id": "7"}, None)),
    ],
)
async def test_odd_answers_of_optional_methods_refuse(
    method: str, call: Callable[[AuthProvider], Awaitable[Any]]
) -> None:
    class Odd(Badges):
        pass

    async def answer(*_: Any) -> Any:
        return ["odd"]

    setattr(Odd, method, answer)
    with pytest.raises(TypeError, match=method):
        await call(open_provider(Odd, {"secret": "s"}, HTTP))


async def test_an_adapter_that_refuses_its_options_stops_the_start() -> None:
    await check_options(open_provider(Whole, {}, HTTP))
    with pytest.raises(AdapterError, match="refuses its options: The keys are lost"):
        await check_options(open_provider(Whole, {}, HTTP, {"keys": "lost"}))
    lost = open_provider(Whole, {}, HTTP, {"keys": "lost"})
    with pytest.raises(ConfigError, match=r"auth\.vault: refuses its options"):
        await check_providers({"vault": lost})


# --- declared options ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """Of every type that there is."""

    client_id: str
    app_ids: tuple[str, ...]
    mode: Literal["code", "token"] = "token"
    seconds: float = 5
    digits: int = 6
    strict: bool = True
    extra: Mapping[str, Any] | None = None


def test_options_are_read_into_the_record_that_declares_them() -> None:
    given = {"clientId": "a", "appIds": ["x", "y"], "mode": "code", "seconds": 1, "extra": {}}
    assert read_options(Options, given) == Options("a", ("x", "y"), "code", 1, extra={})
    assert read_options(Options, {"clientId": "a", "appIds": "x"}) == Options("a", ("x",))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("clientId", "", "text that is not empty"),
        ("clientId", " ", "text that is not empty"),
        ("clientId", 5, "text that is not empty"),
        ("clientId", None, "text that is not empty"),
        ("appIds", [""], "a list of texts"),
        ("appIds", {"a": 1}, "a list of texts"),
        ("mode", "kode", "one of code, token"),
        ("seconds", "5", "a number"),
        ("seconds", True, "a number"),
        ("digits", 6.5, "a whole number"),
        ("digits", True, "a whole number"),
        ("strict", "true", "true or false"),
        ("extra", [], "an object"),
    ],
)
def test_an_option_of_another_type_is_refused(name: str, value: Any, expected: str) -> None:
    with pytest.raises(OptionsError) as caught:
        read_options(Options, {"clientId": "a", "appIds": "x", name: value})
    assert caught.value.problems == (f"{name}: expected {expected}",)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(OptionsError) as caught:
        read_options(Options, {"clientid": "a", "digits": "six"})
    assert caught.value.problems == (
        'unknown option "clientid": did you mean "clientId"?',
        "clientId is missing",
        "appIds is missing",
        "digits: expected a whole number",
    )


def test_a_type_that_is_none_of_an_option_is_the_authors_fault() -> None:
    @dataclass
    class Odd:
        things: set[str]

    with pytest.raises(TypeError, match="no type of an option"):
        read_options(Odd, {"things": []})


def test_an_adapter_gets_its_record() -> None:
    class Declared(Badges):
        @dataclass(frozen=True)
        class Options:
            """What is configured."""

            client_id: str

        def __init__(self, options: Options, http: Outgoing) -> None:
            super().__init__(options.client_id)

    provider = open_provider(Declared, {"clientId": "a"}, HTTP)
    assert isinstance(provider.adapter, Declared)
    assert provider.adapter.secret == "a"


def test_options_may_be_functions_and_have_names_of_their_own() -> None:
    @dataclass(frozen=True)
    class Sending:
        send_sms: Called | None = option("sendSMS", default=None)  # noqa: RUF009 - a field
        count: int = 1

    async def send(*_: Any) -> None:
        """Sends nothing."""

    assert functions_of(Sending) == ("sendSMS",)
    assert read_options(Sending, {"sendSMS": send}).send_sms is send
    with pytest.raises(OptionsError, match="sendSMS: expected a function"):
        read_options(Sending, {"sendSMS": 7})


# --- the configuration --------------------------------------------------------------------------

FILE = '''
class adapter:
    """Badges."""

    def __init__(self, secret):
        self.secret = secret

    async def validate_auth_data(self, auth_data, options, request):
        """All are ours."""
'''


def config(folder: Path, **auth: Any) -> Config:
    options = {"appId": "a", "masterKey": "m", "serverURL": "http://x/parse", "auth": auth}
    return Config.from_options({**options, "databaseURI": "memory:"}, base_dir=folder)


def test_every_problem_of_every_provider_is_told(tmp_path: Path) -> None:
    (tmp_path / "badge.py").write_text(FILE)
    (tmp_path / "empty.py").write_text("class adapter:\n    pass\n")
    given = config(
        tmp_path,
        badge={"module": "badge.py", "secrett": "x"},
        empty={"module": "empty.py"},
        gone={"module": "gone.py"},
        anonymous={"idPattern": "x"},
        facebook={"appIds": ["x"]},
    )
    with pytest.raises(ConfigError) as caught:
        open_providers(given, HTTP)
    shape = "async def validate_auth_data(self, auth_data, options, request)"
    assert caught.value.problems == (
        'auth.anonymous: unknown option "idPattern"',
        'auth.badge: unknown option "secrett": did you mean "secret"?',
        "auth.badge: secret is missing",
        f"auth.empty: empty.py lacks {shape}",
        f"auth.gone: there is no file {tmp_path / 'gone.py'}",
    )


def test_providers_that_are_built_in_or_ones_own_are_opened(tmp_path: Path) -> None:
    (tmp_path / "badge.py").write_text(FILE)
    given = config(
        tmp_path,
        badge={"module": "badge.py", "options": {"secret": "x"}, "enabled": False},
        facebook={"appIds": ["x"]},
    )
    found = open_providers(given, HTTP)
    assert set(found) == {"anonymous", "badge", "facebook"}
    assert found["badge"].options == {"secret": "x"}
