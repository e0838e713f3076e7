"""L2: answers for known and unknown names and addresses take the same time.

Known and unknown ones are asked in pairs, in an order of chance, so that whatever else the machine
does meets both. Compared are the first quartile and the median of each.
"""

import random
import time
from collections.abc import Awaitable, Callable
from statistics import quantiles
from typing import Any

import pytest

from parsepy.operations import mails
from tests.conftest import Client, MakeApp
from tests.rest.mailing import OPTIONS
from tests.rest.shop import sign_up, unique

PAIRS = 300
LOG_INS = 40  # each takes as long as the hash of a password
SHARE, LEAST = 0.25, 0.0005
"""How much longer the one may take than the other: a share of it, or seconds. L2 was 1.3."""

Ask = Callable[[str], Awaitable[float]]


def difference(known: list[float], unknown: list[float]) -> str | None:
    """Say by what the times of the two differ; None if they are equal, for all that one can tell.

    Both are seconds.
    """
    for place, name in enumerate(("the first quartile", "the median")):
        ours, theirs = quantiles(known, n=4)[place], quantiles(unknown, n=4)[place]
        if abs(ours - theirs) > max(LEAST, SHARE * min(ours, theirs)):
            return f"{name}: {ours * 1000:.2f} ms for known ones, {theirs * 1000:.2f} for unknown"
    return None


async def measured(ask: Ask, known: list[str]) -> tuple[list[float], list[float]]:
    """The times of the known ones, and of as many that nobody has."""
    times: tuple[list[float], list[float]] = ([], [])
    for one in known:
        pair = [(0, one), (1, one.replace("known", "nobody", 1))]
        random.shuffle(pair)
        for kind, name in pair:
            times[kind].append(await ask(name))
    return times


async def seconds(call: Awaitable[Any], status: int = 200) -> float:
    """How long a request takes."""
    before = time.perf_counter()
    answer = await call
    taken = time.perf_counter() - before
    assert answer.status_code == status, answer.text
    return taken


class Town:
    """A shop, and many who have an address there."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def grow(self, *, is_confirmed: bool, number: int = PAIRS) -> list[str]:
        """Put users into the database; their addresses."""
        name, own = unique("known"), {"emailVerified": is_confirmed}
        names = [f"{name}{number}" for number in range(number)]
        emails = [f"{name}@shop.test" for name in names]
        rows = [
            {"_id": name, "username": name, "email": email, **own}
            for name, email in zip(names, emails, strict=True)
        ]
        users = self.client.application.backend.storage.connection.collection("_User")
        await users.insert_many(rows)
        return emails

    def by(self, path: str) -> Ask:
        """A request that has a mail sent to an address."""

        async def ask(email: str) -> float:
            body: dict[str, Any] = {"email": email}
            if path == "/challenge":
                body = {"challengeData": {"emailOtp": body}}
            return await seconds(self.client.post(path, json=body))

        return ask


@pytest.fixture
async def town(app: MakeApp) -> Town:
    options = {**OPTIONS, "mail": {"cooldown": 60}, "verifyUserEmails": True}
    client = Client(await app(**options, auth={"emailOtp": {}}))
    await sign_up(client, email=f"{unique('ann')}@shop.test")  # the class and its indexes are made
    return Town(client)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "is_confirmed"),
    [
        ("/requestPasswordReset", True),
        ("/verificationEmailRequest", False),
        ("/verificationEmailRequest", True),
        ("/challenge", True),
    ],
)
async def test_l2_an_unknown_address_takes_as_long_as_a_known_one(
    town: Town, path: str, is_confirmed: bool
) -> None:
    """It took 3 ms, and a known one 7; asked again, an address gets no second mail so soon."""
    known, ask = await town.grow(is_confirmed=is_confirmed), town.by(path)
    assert difference(*await measured(ask, known)) is None
    assert difference(*await measured(ask, known)) is None


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/login", "/verifyPassword", "/challenge"])
async def test_l2_an_unknown_name_takes_as_long_as_a_known_one(
    town: Town, full_cost: None, path: str
) -> None:
    """CVE-2026-39321, GHSA-mmpq-5hcv-hf2v: no hash was compared where there is no such user."""
    known = [
        (await sign_up(town.client, username=unique("known"))).name for _ in range(LOG_INS // 10)
    ]

    async def ask(name: str) -> float:
        body: dict[str, Any] = {"username": name, "password": "wrong"}
        if path == "/challenge":
            body["challengeData"] = {"emailOtp": {"email": "a@shop.test"}}
        return await seconds(town.client.post(path, json=body), 404)

    assert difference(*await measured(ask, known * 10)) is None


@pytest.mark.slow
async def test_the_measure_finds_a_look_up_that_is_left_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What L2 was: nothing is written where nobody has the address."""
    asked = mails.ask

    async def short(context: Any, kind: str, address: str, user: Any, **more: Any) -> None:
        if user is not None:
            await asked(context, kind, address, user, **more)

    monkeypatch.setattr(mails, "ask", short)
    known = await town.grow(is_confirmed=True)
    found = difference(*await measured(town.by("/requestPasswordReset"), known))
    assert found is not None


def test_equal_times_are_equal_and_others_are_not() -> None:
    clock = random.Random(7)
    known = [0.004 + clock.expovariate(500) for _ in range(PAIRS)]
    alike = [0.004 + clock.expovariate(500) for _ in range(PAIRS)]
    assert difference(known, alike) is None
    assert difference(known, [0.6 * one for one in alike]) is not None
