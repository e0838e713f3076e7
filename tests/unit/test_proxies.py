"""Whose word on a client's address counts."""

from pathlib import Path
from typing import Any

import pytest

from parsepy.config import ConfigError
from parsepy.config.checks import At
from parsepy.config.proxies import TrustProxy, trust_proxy


def read(value: Any) -> TrustProxy:
    return trust_proxy(value, At("trustProxy", Path()))


@pytest.mark.parametrize(
    ("option", "client"),
    [
        (False, "10.0.0.1"),
        ([], "10.0.0.1"),
        (0, "10.0.0.1"),
        (1, "10.0.0.2"),
        ("2", "198.51.100.9"),
        (True, "6.6.6.6"),
        ("true", "6.6.6.6"),
        ("uniquelocal", "198.51.100.9"),
        ("loopback", "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.2"),
        ("10.0.0.0/24, loopback", "198.51.100.9"),
    ],
)
def test_the_first_address_that_nobody_vouches_for_is_the_client(option: Any, client: str) -> None:
    forwarded = "6.6.6.6, 198.51.100.9, 10.0.0.2"
    assert read(option).client("10.0.0.1", forwarded) == client


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.2.3.4:5678", "1.2.3.4"), ("[2001:db8::1]:443", "2001:db8::1"), ("::1", "::1")],
)
def test_a_port_behind_an_address_is_no_part_of_it(written: str, meant: str) -> None:
    assert read(True).client("10.0.0.1", written) == meant


@pytest.mark.parametrize("option", [-1, "somewhere", ["10.0.0.0/99"], {"a": 1}])
def test_what_names_no_proxies_is_refused(option: Any) -> None:
    with pytest.raises(ConfigError, match="trustProxy"):
        read(option)


@pytest.mark.parametrize("forwarded", ["", " , "])
def test_an_empty_list_leaves_the_socket_s_address(forwarded: str) -> None:
    assert read(True).client("10.0.0.1", forwarded) == "10.0.0.1"
