"""Keys of providers are kept for an hour; unknown ones are asked for once a minute."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.key_sets import KeySet
from parsepy.auth.providers.tokens import Expected, verified
from parsepy.errors import ParseError
from parsepy.outgoing import Outgoing
from tests.providers import keys

ISSUER = "https://login.shop.test"


class Provider:
    """Publishes keys; counts who asks; a clock beside it."""

    def __init__(self, published: Any = None) -> None:
        self.published = {"keys": keys.public_keys()} if published is None else published
        self.status = 200
        self.asked = 0
        self.now = 1_000.0
        http = Outgoing(transport=httpx.MockTransport(self.answer))
        self.keys = KeySet(ProviderApi("Shop", http), "https://x/keys", clock=lambda: self.now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, json=self.published)

    async def claims(self, token: str) -> Any:
        return await verified(token, self.keys, Expected((ISSUER,), (keys.CLIENT,)))


async def test_keys_are_asked_for_once_an_hour() -> None:
    provider = Provider()
    for seconds, asked in [(0, 1), (1, 1), (3_598, 1), (1, 2), (1, 2)]:
        provider.now += seconds
        assert await provider.keys.find("rsa-1") is not None
        assert provider.asked == asked


async def test_an_unknown_key_is_asked_for_once_a_minute() -> None:
    provider = Provider()
    for seconds, asked in [(0, 1), (1, 1), (58, 1), (1, 2), (1, 2)]:
        provider.now += seconds
        assert await provider.keys.find("rsa-2") is None
        assert provider.asked == asked


async def test_a_new_key_is_found_and_the_old_ones_stay() -> None:
    provider = Provider()
    assert await provider.keys.find("rsa-1")
    provider.published["keys"].append({**keys.public_keys()[0], "kid": "rsa-2"})
    provider.now += 60
    assert await provider.keys.find("rsa-2")
    assert await provider.keys.find("rsa-1")


async def test_a_withdrawn_key_goes_after_an_hour_even_if_the_provider_fails() -> None:
    provider = Provider()
    assert await provider.keys.find("rsa-1")
    provider.status = 500
    provider.now += 3_600
    with pytest.raises(ParseError, match="Shop API request failed"):
        await provider.keys.find("rsa-1")


async def test_a_provider_that_fails_is_not_asked_at_each_log_in() -> None:
    provider = Provider()
    provider.status = 500
    for seconds, asked in [(0, 1), (1, 1), (3, 1), (1, 2)]:
        provider.now += seconds
        with pytest.raises(ParseError):
            await provider.keys.find("rsa-1")
        assert provider.asked == asked
    provider.status = 200
    provider.now += 5
    assert await provider.keys.find("rsa-1")


async def test_a_failure_while_keys_are_good_harms_nobody() -> None:
    provider = Provider()
    assert await provider.keys.find("rsa-1")
    provider.status = 500
    provider.now += 60
    assert await provider.keys.find("rsa-9") is None
    assert await provider.keys.find("rsa-1")


async def test_many_log_ins_at_once_ask_once() -> None:
    provider = Provider()
    found = await asyncio.gather(*(provider.keys.find("rsa-1") for _ in range(50)))
    assert all(found)
    assert provider.asked == 1


def odd_keys() -> Iterator[Any]:
    rsa, ec = keys.public_keys()
    yield from ({**rsa, "kty": "oct", "k": "c2VjcmV0"}, {**rsa, "n": "###"}, {**rsa, "use": "enc"})
    yield from ({**ec, "crv": "P-384"}, {**ec, "x": 7}, {**rsa, "kid": 7}, {"kty": "RSA"}, None, 7)
    yield {**rsa, "n": "AQAB" * 40}  # too short to be safe


@pytest.mark.parametrize("odd", list(odd_keys()))
async def test_a_key_that_is_none_of_ours_is_left_out(odd: Any) -> None:
    entry = {**odd, "kid": odd.get("kid", "odd")} if isinstance(odd, dict) else odd
    provider = Provider({"keys": [entry, {**keys.public_keys()[1], "kid": "good"}]})
    assert await provider.keys.find("good")
    assert await provider.keys.find("odd") is None
    assert list(provider.keys._keys) == ["good"]


@pytest.mark.parametrize("published", [{}, {"keys": None}, {"keys": {}}, {"keys": []}])
async def test_an_answer_without_keys_has_none(published: Any) -> None:
    assert await Provider(published).keys.find("rsa-1") is None


@pytest.mark.parametrize("published", [[], "x", 7, None])
async def test_an_answer_that_is_no_object_is_a_failure(published: Any) -> None:
    provider = Provider([])
    provider.published = published
    with pytest.raises(ParseError):
        await provider.keys.find("rsa-1")


async def test_both_kinds_of_keys_sign() -> None:
    provider = Provider()
    good = keys.token(ISSUER, "17")
    assert (await provider.claims(good))["sub"] == "17"
    curved = keys.token(ISSUER, "17", alg="ES256", kid="ec-1", key=keys.ec_key("provider"))
    assert (await provider.claims(curved))["sub"] == "17"
    several = keys.token(ISSUER, "17", aud=[keys.CLIENT, "other"], azp=keys.CLIENT)
    assert (await provider.claims(several))["sub"] == "17"


async def test_a_token_without_a_key_id_needs_a_provider_with_one_key() -> None:
    nameless = keys.token(ISSUER, "17", kid=None)
    with pytest.raises(ParseError, match="Unable to find matching key"):
        await Provider().claims(nameless)
    assert await Provider({"keys": keys.public_keys()[:1]}).claims(nameless)


SAID = {
    "another audience": "jwt audience invalid",
    "two audiences, asked for by another": "jwt audience invalid",
    "another issuer": "token not issued by correct provider",
    "expired": "jwt expired",
    "not valid yet": "jwt not active",
    "another key under the same id": "invalid signature",
    "an unknown key": "Unable to find matching key for Key ID: rsa-9",
    "no algorithm": "invalid algorithm",
    "the public key as a secret": "invalid algorithm",
    "another algorithm of the key": "invalid algorithm",
    "no token": "provided token does not decode as JWT",
    "without an end": "invalid token",
}


@pytest.mark.parametrize("label", SAID)
async def test_a_false_token_is_refused_by_what_is_wrong_with_it(label: str) -> None:
    token = keys.false_tokens(ISSUER, "17")[label]
    with pytest.raises(ParseError) as caught:
        await Provider().claims(token)
    assert (caught.value.code, caught.value.message) == (101, SAID[label])


@pytest.mark.parametrize("subject", ["", 17, None, ["17"], {"a": 1}])
async def test_a_subject_that_is_no_text_is_nobody(subject: Any) -> None:
    with pytest.raises(ParseError):
        await Provider().claims(keys.token(ISSUER, subject))
