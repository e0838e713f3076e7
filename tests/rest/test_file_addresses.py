"""The addresses of files: who asked for an object decides, and no client's word does."""

from typing import Any

import pytest

from parsepy.app import Application
from parsepy.model.values import JSONObject
from parsepy.triggers import Event, SavedEvent
from tests.conftest import APP_ID, MOUNT, Client, MakeApp
from tests.rest.shop import PASSWORD, create, find, ok, sign_up

ELSEWHERE = {"Host": "other.example"}
NAME = "mug.png"


def file(url: str | None = None) -> dict[str, Any]:
    return {"__type": "File", "name": NAME, **({"url": url} if url else {})}


def below(mount: str) -> dict[str, Any]:
    return file(f"{mount}/files/{APP_ID}/{NAME}")


THERE = below("http://other.example/parse")
CONFIGURED = below(MOUNT)


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """An application of the test's own, since triggers stay."""
    return await app()


def told_after_save(application: Application) -> list[tuple[JSONObject | None, JSONObject | None]]:
    """The object and the original of every afterSave of a mug."""
    told: list[tuple[JSONObject | None, JSONObject | None]] = []

    async def keep(event: Event) -> None:
        assert isinstance(event, SavedEvent)
        told.append((event.object, event.original))

    application.backend.triggers.add("afterSave", "Mug", keep)
    return told


async def test_an_object_is_read_with_the_address_that_the_client_uses(master: Client) -> None:
    mug = await create(master, "Mug", picture=file())
    got = ok(await master.get(f"/classes/Mug/{mug}", headers=ELSEWHERE))
    found = ok(await master.get("/classes/Mug", headers=ELSEWHERE))["results"]
    assert [got["picture"], found[0]["picture"]] == [THERE, THERE]
    assert (await find(master, "Mug"))[0]["picture"] == CONFIGURED


async def test_what_is_included_has_the_same_address(master: Client) -> None:
    mug = await create(master, "Mug", picture=file())
    await create(master, "Shelf", mug={"__type": "Pointer", "className": "Mug", "objectId": mug})
    params = {"include": "mug"}
    found = ok(await master.get("/classes/Shelf", params=params, headers=ELSEWHERE))
    assert found["results"][0]["mug"]["picture"] == THERE


async def test_an_aggregation_has_the_same_address(master: Client) -> None:
    await create(master, "Mug", picture=file())
    for headers, expected in ((ELSEWHERE, THERE), ({}, CONFIGURED)):
        params = {"pipeline": '[{"$project":{"picture":1}}]'}
        found = ok(await master.get("/aggregate/Mug", params=params, headers=headers))
        assert found["results"][0]["picture"] == expected


async def test_a_user_who_logs_in_gets_files_by_the_address_that_they_use(client: Client) -> None:
    ann = await sign_up(client, picture=file())
    asked = {"username": ann.name, "password": PASSWORD}
    logged_in = ok(await client.post("/login", json=asked, headers=ELSEWHERE))
    verified = ok(await client.get("/verifyPassword", params=asked, headers=ELSEWHERE))
    assert [logged_in["picture"], verified["picture"]] == [THERE, THERE]
    assert ok(await ann.client.get("/users/me", headers=ELSEWHERE))["picture"] == THERE


async def test_one_who_comes_by_another_address_does_not_change_what_others_read(
    master: Client,
) -> None:
    await create(master, "Mug", picture=file())
    for _ in range(2):
        for host in ("one.example", "two.example", "testserver"):
            found = ok(await master.get("/classes/Mug", headers={"Host": host}))["results"]
            assert found[0]["picture"] == below(f"http://{host}/parse")


async def test_where_a_public_address_is_configured_no_host_counts(app: MakeApp) -> None:
    public = "https://shop.example/parse"
    async with Client(await app(publicServerURL=public), master=True) as master:
        mug = await create(master, "Mug", picture=file())
        got = ok(await master.get(f"/classes/Mug/{mug}", headers=ELSEWHERE))
    assert got["picture"] == below(public)


async def test_after_save_is_told_the_servers_own_address_of_a_new_objects_file(
    application: Application, master: Client
) -> None:
    told = told_after_save(application)
    await create(master, "Mug", picture=file("https://evil.example/mug.png"))
    assert [item["picture"] for item, _ in told if item] == [CONFIGURED]


async def test_after_save_is_told_the_servers_own_address_of_a_changed_objects_file(
    application: Application, master: Client
) -> None:
    told = told_after_save(application)
    mug = await create(master, "Mug", picture=file())
    theirs = {"picture": file("https://evil.example/mug.png")}
    ok(await master.put(f"/classes/Mug/{mug}", json=theirs))
    item, original = told[-1]
    assert item
    assert original
    assert [item["picture"], original["picture"]] == [CONFIGURED, CONFIGURED]


async def test_the_user_that_hooks_are_told_of_has_the_configured_address(
    application: Application, client: Client
) -> None:
    ann = await sign_up(client, picture=file())
    users = []

    async def keep(event: Event) -> None:
        users.append(event.request.principal.user)

    application.backend.triggers.add("beforeSave", "Mug", keep)
    # the first request reads the user, who is then kept for the next ones
    ok(await ann.client.get("/users/me", headers=ELSEWHERE))
    ok(await ann.client.post("/classes/Mug", json={}), 201)
    assert [user["picture"] for user in users if user] == [CONFIGURED]


async def test_a_name_that_is_an_address_stays_the_files_address(
    application: Application, master: Client
) -> None:
    told = told_after_save(application)
    url = "https://cdn.example/mug.png"
    hosted = {"__type": "File", "name": url}
    mug = await create(master, "Mug", picture=hosted)
    got = ok(await master.get(f"/classes/Mug/{mug}"))
    assert [told[0][0], got["picture"]] == [
        {**got, "picture": {**hosted, "url": url}},
        {**hosted, "url": url},
    ]


async def test_a_file_inside_of_an_array_keeps_the_address_that_is_stored(master: Client) -> None:
    outside = file("https://cdn.example/mug.png")
    mug = await create(master, "Mug", pictures=[outside])
    assert ok(await master.get(f"/classes/Mug/{mug}"))["pictures"] == [outside]
