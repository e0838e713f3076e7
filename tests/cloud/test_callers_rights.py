"""Cloud code without the master key has its caller's rights, by every call and path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import Client
from tests.rest.shop import create, find, ok, pointer, refused, sign_up

CODE = """
from parsepy.cloud import File

async def order(request): return Pointer("Order", request.params["order"])

@Cloud.function("save")
async def save(request): await (await order(request)).save({"n": 2}, **rights(request))

@Cloud.function("destroy")
async def destroy(request): await (await order(request)).destroy(**rights(request))

@Cloud.function("fetch")
async def fetch(request): await (await order(request)).fetch(**rights(request))

@Cloud.function("saveAll")
async def save_all(request):
    mine = Object("Note", order=await order(request))
    hers = await order(request)
    hers.set("n", 2)
    await Object.save_all([mine, hers], **rights(request))

@Cloud.function("destroyAll")
async def destroy_all(request): await Object.destroy_all([await order(request)], **rights(request))

@Cloud.function("relate")
async def relate(request):
    hers = await order(request)
    hers.relation("notes").add(await Object("Note").save())
    await hers.save(**rights(request))

@Cloud.function("get")
async def get(request): await Query("Order").get(request.params["order"], **rights(request))

@Cloud.function("counts")
async def counts(request):
    note = Object("Note", order=await order(request))
    await note.save(use_master_key=True)
    found = await Query("Note").include("order").get(note.id, **rights(request))
    inside = Query("Order").equal_to("n", 1)
    return [
        await Query("Order").count(**rights(request)),
        len(await Query("Order").find(**rights(request))),
        len([item async for item in Query("Order")]) if not rights(request) else None,
        found.get("order") and found.get("order").get("n"),
        await Query("Note").matches_query("order", inside).count(**rights(request)),
    ]

@Cloud.function("in a transaction")
async def in_transaction(request):
    async with Cloud.transaction():
        await Object("Note").save()
        await (await order(request)).save({"n": 2}, **rights(request))

@Cloud.function("ask")
async def ask(request):
    return await Query("_User").exists(request.params["key"]).count(**rights(request))

@Cloud.function("conditional")
async def conditional(request):
    me = Pointer("_User", request.user.id)
    await me.save({"n": 1}, where={request.params["key"]: None}, **rights(request))

@Cloud.function("file")
async def file(request):
    saved = await File("mug.txt", b"a mug").save()
    return saved.name

@Cloud.function("unfile")
async def unfile(request): await File(request.params["file"]).destroy()

def rights(request):
    if request.params.get("as") == "master": return {"use_master_key": True}
    token = request.params.get("token")
    return {} if token is None else {"session_token": token}
"""
CALLS = (
    *("save", "destroy", "fetch", "saveAll", "destroyAll", "relate", "get"),
    "in a transaction",
)


@pytest.fixture
async def made(shop: MakeShop) -> CloudShop:
    """The shop's cloud code."""
    return await shop(CODE)


async def call(client: Client, name: str, **params: Any) -> Any:
    return await client.post(f"/functions/{name}", json=params)


@pytest.mark.parametrize("name", CALLS)
async def test_what_a_caller_may_not_do_cloud_code_can_not_do_for_them(
    name: str, made: CloudShop
) -> None:
    ann, bob = await sign_up(made.client), await sign_up(made.client)
    order = await create(made.master, "Order", n=1, ACL={ann.id: {"read": True, "write": True}})
    for who, more in ((made.client, {}), (bob.client, {}), (ann.client, {"token": bob.token})):
        refused(await call(who, name, order=order, **more), 101, 404)
    (kept,) = await find(made.master, "Order")
    assert kept["n"] == 1
    of_order = {"object": pointer("Order", order), "key": "notes"}
    assert await find(made.master, "Note", {"$relatedTo": of_order}) == []
    if name == "in a transaction":
        assert await find(made.master, "Note") == []
    ok(await call(made.client, name, order=order, token=ann.token))


async def test_reads_of_every_kind_show_what_the_caller_may_read(made: CloudShop) -> None:
    ann, bob = await sign_up(made.client), await sign_up(made.client)
    order = await create(made.master, "Order", n=1, ACL={ann.id: {"read": True}})
    hidden, shown = [0, 0, 0, None, 0], [1, 1, 1, 1, 3]  # three notes by then
    for who in (made.client, bob.client):
        assert ok(await call(who, "counts", order=order))["result"] == hidden
    assert ok(await call(ann.client, "counts", order=order))["result"] == shown
    told = ok(await call(made.client, "counts", order=order, token=ann.token))["result"]
    assert told[:2] == [1, 1]
    refused(await call(made.client, "counts", order=order, token="r:none"), 209)


@pytest.mark.parametrize("key", ["_perishable_token", "_email_verify_token", "_session_token"])
async def test_hidden_columns_are_asked_for_by_the_master_key_alone(
    key: str, made: CloudShop
) -> None:
    """Where an author lets clients choose a key, they would read tokens by it, bit by bit."""
    ann = await sign_up(made.client)
    assert "Invalid key name" in refused(await call(ann.client, "ask", key=key), 105)
    assert "Invalid key name" in refused(await call(ann.client, "conditional", key=key), 105)
    ok(await call(ann.client, "ask", key=key, **{"as": "master"}))
    ok(await call(ann.client, "conditional", key=key, **{"as": "master"}))


async def test_class_level_permissions_bind_cloud_code_with_its_callers_rights(
    made: CloudShop,
) -> None:
    rights = {"find": {"role:staff": True}, "get": {}, "update": {}, "delete": {}, "create": {}}
    body = {"fields": {"n": {"type": "Number"}}, "classLevelPermissions": rights}
    ok(await made.master.post("/schemas/Order", json=body))
    order = await create(made.master, "Order", n=1)
    for name in ("save", "destroy", "fetch", "saveAll", "get"):
        refused(await call(made.client, name, order=order), 119)
        if name not in ("destroy", "saveAll"):
            ok(await call(made.client, name, order=order, **{"as": "master"}))


async def test_the_read_only_key_writes_nothing_by_cloud_code(
    shop: MakeShop,
) -> None:
    made = await shop(CODE, readOnlyMasterKey="read-only")
    made.client.headers["X-Parse-Master-Key"] = "read-only"
    order = await create(made.master, "Order", n=1)
    for name in ("save", "destroy", "saveAll", "destroyAll"):
        refused(await call(made.client, name, order=order), 119)
    saved = ok(await call(made.master, "file"))["result"]
    refused(await call(made.client, "file"), 119)
    refused(await call(made.client, "unfile", file=saved), 119)
    assert await made.backend.files.find(saved) is not None
