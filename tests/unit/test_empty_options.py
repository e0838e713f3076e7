"""What a configuration merely names: an empty text, object or null counts as not set."""

import sys
from typing import Any

import pytest

from parsepy.app import build
from parsepy.config import OPTIONS, Config, ConfigError

BASE = {"appId": "app", "masterKey": "master"}
OF_EXTRAS = ("jwt", "h2", "prometheus_client", "obstore", "redis", "cryptography", "stripe")
ODD: list[Any] = [
    5,
    True,
    1.5,
    1e400,
    "x",
    "{",
    "[]",
    {"a": 1},
    {"a": None},
    [1],
    [{}],
    [[]],
    [None],
]


@pytest.mark.parametrize("line", OPTIONS, ids=lambda line: line.name)
def test_an_empty_text_or_null_is_as_good_as_missing(line: Any) -> None:
    if line.name in BASE:
        pytest.skip("a server has these")
    without = Config.from_options(BASE)
    for empty in ("", None):
        made = Config.from_options({**BASE, line.name: empty})
        if made.notes:
            assert made.notes == (f"{line.name}: empty, which counts as not set",)
            assert getattr(made, line.attribute) == getattr(without, line.attribute)


@pytest.mark.parametrize("line", OPTIONS, ids=lambda line: line.name)
def test_what_is_odd_is_refused_by_name_or_taken(line: Any) -> None:
    for odd in ODD:
        refused = ""
        try:
            Config.from_options({**BASE, line.name: odd})
        except ConfigError as error:
            refused = str(error)
        assert not refused or line.name in refused


@pytest.mark.parametrize("name", ["appId", "masterKey"])
def test_the_names_of_an_application_are_not_empty(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_options({**BASE, name: ""})


@pytest.mark.parametrize("empty", [{}, None, ""], ids=["object", "null", "text"])
@pytest.mark.parametrize(
    "named",
    [
        *("push", "metrics", "auth", "rateLimit", "filesAdapter", "emailAdapter", "cacheAdapter"),
        *("encryptionKey", "databaseOptions", "liveQuery", "pages", "security", "logLevels"),
        *("auth.mfa", "auth.facebook", "push.ios", "push.android", "push.web", "push.adapter"),
        *("push.queueOptions", "liveQuery.redisURL"),
    ],
)
def test_what_is_merely_named_needs_no_extra(
    named: str, empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if empty == {} and named in ("rateLimit", "encryptionKey", "liveQuery.redisURL"):
        empty = None  # these are no objects
    for module in OF_EXTRAS:
        monkeypatch.setitem(sys.modules, module, None)
    name, _, member = named.partition(".")
    options = {**BASE, name: {member: empty} if member else empty, "databaseURI": "mongodb://h/d"}
    build(Config.from_options(options))


@pytest.mark.parametrize(
    ("option", "extra"),
    [
        ({"push": {"ios": {"token": {"keyId": "k"}}}}, "push"),
        ({"metrics": {"enabled": True}}, "metrics"),
    ],
)
def test_what_is_meant_names_its_extra(
    option: dict[str, Any], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in OF_EXTRAS:
        monkeypatch.setitem(sys.modules, module, None)
    config = Config.from_options({**BASE, **option, "databaseURI": "mongodb://h/d"})
    with pytest.raises(ConfigError, match=rf"pip install 'parsepy-server\[{extra}\]'"):
        build(config)


def test_an_option_that_is_ill_typed_is_still_refused() -> None:
    odd: dict[str, Any] = {"verbose": {}, "clientKey": [], "accountLockout": {}}
    for name, value in odd.items():
        with pytest.raises(ConfigError, match=name):
            Config.from_options({**BASE, name: value})
