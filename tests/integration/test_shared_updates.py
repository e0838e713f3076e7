"""Updates under way together share a transaction; each gets its own result, exactly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from parsepy.storage.driver.plain_writes import PlainWrites
from parsepy.storage.shared_updates import SharedUpdates
from tests.conftest import Client, MakeApp


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many updates each shared transaction held that committed."""
    sizes: list[int] = []
    real = SharedUpdates._together

    async def counted(self: SharedUpdates, collection: Any, changes: Any) -> Any:
        found = await real(self, collection, changes)
        if found is not None:
            sizes.append(len(changes))
        return found

    monkeypatch.setattr(SharedUpdates, "_together", counted)
    return sizes


async def stocked(client: Client, number: int) -> list[str]:
    """So many SKUs with a stock of 0."""
    made = [await client.post("/classes/SKU", json={"stock": 0}) for _ in range(number)]
    return [answer.json()["objectId"] for answer in made]


def more(client: Client, sku: str, amount: int = 1) -> Any:
    body = {"stock": {"__op": "Increment", "amount": amount}}
    return client.put(f"/classes/SKU/{sku}", json=body)


async def test_many_updates_share_few_transactions(client: Client, together: list[int]) -> None:
    skus = await stocked(client, 40)
    answers = await asyncio.gather(*(more(client, sku, 3) for sku in skus))
    assert [answer.json()["stock"] for answer in answers] == [3] * 40
    assert together
    assert max(together) >= 12


async def test_every_increment_of_one_object_has_its_own_result(client: Client) -> None:
    skus = await stocked(client, 6)
    asked = [sku for sku in skus for _ in range(20)]
    answers = await asyncio.gather(*(more(client, sku) for sku in asked))
    for sku in skus:
        seen = [a.json()["stock"] for a, other in zip(answers, asked, strict=True) if other == sku]
        assert sorted(seen) == list(range(1, 21))


async def test_a_refused_update_among_others_is_refused_alone(
    client: Client, master: Client
) -> None:
    skus = await stocked(client, 30)
    locked = {"ACL": {"*": {"read": True}}}
    assert (await master.put(f"/classes/SKU/{skus[5]}", json=locked)).status_code == 200
    answers = await asyncio.gather(*(more(client, sku) for sku in [*skus, "nosuchsku0"]))
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 200]
    assert refused == [101, 101]
    found = (await client.get("/classes/SKU", params={"limit": 100})).json()["results"]
    assert {sku["objectId"]: sku["stock"] for sku in found} == {
        sku: int(sku != skus[5]) for sku in skus
    }


async def test_an_impossible_update_among_others_fails_alone(client: Client) -> None:
    skus = await stocked(client, 25)
    await client.put(f"/classes/SKU/{skus[0]}", json={"spec": {"colour": "red"}})
    wrong = client.put(
        f"/classes/SKU/{skus[0]}", json={"spec.colour": {"__op": "Increment", "amount": 1}}
    )
    first, *others = await asyncio.gather(wrong, *(more(client, sku) for sku in skus[1:]))
    assert (first.status_code, first.json()["code"]) == (400, 111)
    assert [answer.json()["stock"] for answer in others] == [1] * 24


async def test_updates_that_could_not_commit_together_are_made_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: Any) -> None:
        raise OperationFailure("WriteConflict", 112)

    monkeypatch.setattr(PlainWrites, "_changed", interrupted)
    skus = await stocked(client, 30)
    answers = await asyncio.gather(*(more(client, sku) for sku in skus))
    assert [answer.json()["stock"] for answer in answers] == [1] * 30


async def test_a_commit_of_unknown_outcome_is_not_repeated(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: Any) -> None:
        raise OperationFailure("lost", 64)

    monkeypatch.setattr(SharedUpdates, "_together", lost)
    skus = await stocked(client, 30)
    answers = await asyncio.gather(*(more(client, sku) for sku in skus))
    failed = [answer for answer in answers if answer.status_code == 500]
    assert len(failed) >= 12
    found = (await client.get("/classes/SKU", params={"limit": 100})).json()["results"]
    assert sum(sku["stock"] for sku in found) == 30 - len(failed)


async def test_a_batch_transaction_and_shared_updates_live_together(
    app: MakeApp, client: Client
) -> None:
    skus = await stocked(client, 25)
    requests = [
        {
            "method": "PUT",
            "path": f"/parse/classes/SKU/{sku}",
            "body": {"stock": {"__op": "Increment", "amount": 10}},
        }
        for sku in skus
    ]
    batch = client.post("/batch", json={"requests": requests, "transaction": True})
    answers = await asyncio.gather(batch, *(more(client, sku) for sku in skus))
    assert [answer.status_code for answer in answers] == [200] * 26
    found = (await client.get("/classes/SKU", params={"limit": 100})).json()["results"]
    assert [sku["stock"] for sku in found] == [11] * 25
