"""Users and installations are saved by operations of their own, whichever the way in."""

from __future__ import annotations

from typing import Any

import pytest

from parsepy.errors import Code
from tests.cloud.conftest import CloudShop, MakeShop
from tests.rest.shop import ok, refused, sign_up


async def installation(it: CloudShop, **fields: Any) -> str:
    """The id of a new installation."""
    body = {"deviceType": "ios", **fields}
    answer = ok(await it.master.post("/installations", json=body), 201)
    return str(answer["objectId"])


async def stored(it: CloudShop, path: str) -> Any:
    """An object as the master key reads it."""
    return ok(await it.master.get(path))


READ = """
@Cloud.function("read")
async def read(request):
    device = Pointer("_Installation", request.params["device"])
    where = {"badge": {"$gte": 1}}
    await device.decrement("badge").save(where=where, use_master_key=True)
    return device.get("badge")
"""


async def test_a_condition_holds_for_an_installation(shop: MakeShop) -> None:
    it = await shop(READ)
    device = await installation(it, installationId="phone", badge=1)
    assert ok(await it.client.post("/functions/read", json={"device": device})) == {"result": 0}
    refusal = await it.client.post("/functions/read", json={"device": device})
    refused(refusal, Code.VALIDATION_ERROR)
    assert (await stored(it, f"/installations/{device}"))["badge"] == 0


async def test_a_condition_that_fails_lets_no_row_of_the_same_device_go(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("name")
        async def name(request):
            device = Pointer("_Installation", request.params["device"])
            device.set("deviceToken", "token-of-the-phone")
            await device.save(where={"badge": 7}, use_master_key=True)
    """)
    device = await installation(it, installationId="phone", badge=1)
    other = await installation(it, deviceToken="token-of-the-phone")
    refusal = await it.client.post("/functions/name", json={"device": device})
    refused(refusal, Code.VALIDATION_ERROR)
    assert (await stored(it, f"/installations/{other}"))["deviceToken"] == "token-of-the-phone"
    assert "deviceToken" not in await stored(it, f"/installations/{device}")


async def test_a_condition_that_holds_merges_the_rows_of_a_device(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("name")
        async def name(request):
            device = Pointer("_Installation", request.params["device"])
            device.set("deviceToken", "token-of-the-phone")
            await device.save(where={"badge": 1}, use_master_key=True)
    """)
    device = await installation(it, installationId="phone", badge=1)
    survivor = await installation(it, deviceToken="token-of-the-phone")
    ok(await it.client.post("/functions/name", json={"device": device}))
    (row,) = ok(await it.master.get("/installations"))["results"]
    assert (row["objectId"], row["deviceToken"]) == (survivor, "token-of-the-phone")


async def test_a_condition_holds_for_a_user(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("pay")
        async def pay(request):
            user = request.user
            await user.decrement("credit", 5).save(where={"credit": {"$gte": 5}})
            return user.get("credit")
    """)
    anna = await sign_up(it.client, credit=7)
    assert ok(await anna.client.post("/functions/pay")) == {"result": 2}
    refused(await anna.client.post("/functions/pay"), Code.VALIDATION_ERROR)
    assert (await stored(it, f"/users/{anna.id}"))["credit"] == 2


async def test_a_condition_on_a_new_object_is_a_mistake_of_the_author(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("make")
        async def make(request):
            await Object(request.params["of"], deviceType="ios").save(where={"badge": 1})
    """)
    for name in ("Order", "_Installation", "_User"):
        answer = await it.master.post("/functions/make", json={"of": name})
        assert "stored already" in refused(answer, Code.SCRIPT_FAILED)


async def test_a_device_that_cloud_code_saves_again_keeps_its_one_row(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("hello")
        async def hello(request):
            device = Object("_Installation", deviceType="ios", installationId="phone")
            await device.save(use_master_key=True)
            return device.id
    """)
    first = ok(await it.client.post("/functions/hello"))["result"]
    assert ok(await it.client.post("/functions/hello"))["result"] == first


async def test_a_user_whom_cloud_code_saves_as_a_plain_object_signs_up(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("join")
        async def join(request):
            user = Object("_User", username="anna", password="correct horse")
            await user.save()
            return user.id
    """)
    anna = ok(await it.client.post("/functions/join"))["result"]
    answer = await it.client.post("/login", json={"username": "anna", "password": "correct horse"})
    assert ok(answer)["objectId"] == anna


@pytest.mark.parametrize("path", ["/classes/Order", "/users", "/installations"])
async def test_an_answer_of_a_before_save_keeps_its_status_and_tells_no_address(
    shop: MakeShop, path: str
) -> None:
    it = await shop("""
        for name in ("Order", "_User", "_Installation"):
            @Cloud.before_save(name)
            async def answer(request): return Cloud.answer({"queued": True}, status=202)
    """)
    body = {"username": "anna", "password": "x", "deviceType": "ios", "installationId": "phone"}
    response = await it.client.post(path, json=body)
    assert (response.status_code, response.json()) == (202, {"queued": True})
    assert "location" not in response.headers


async def test_an_answer_of_a_before_save_keeps_its_status_on_an_update(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def answer(request):
            if request.original: return Cloud.answer({"queued": True}, status=202)
    """)
    order = ok(await it.client.post("/classes/Order", json={}), 201)["objectId"]
    response = await it.client.put(f"/classes/Order/{order}", json={"total": 1})
    assert (response.status_code, response.json()) == (202, {"queued": True})


async def test_what_an_after_save_answers_a_client_does_not_change_the_object_of_cloud_code(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.after_save("_User")
        async def answer(request): return {"welcome": True}

        @Cloud.function("rename")
        async def rename(request):
            await request.user.set("name", "Anna").save()
            return request.user.to_json()
    """)
    anna = await it.client.post("/users", json={"username": "anna", "password": "x"})
    assert ok(anna, 201) == {"welcome": True}
    token = ok(await it.client.post("/login", json={"username": "anna", "password": "x"}))
    user = it.client.as_user(token["sessionToken"])
    shown = ok(await user.post("/functions/rename"))["result"]
    assert (shown["name"], "welcome" in shown) == ("Anna", False)
