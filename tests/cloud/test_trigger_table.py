"""Every line of the table of triggers fires, as often as it should: one day in a shop."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from parsepy.triggers import TRIGGERS
from parsepy.triggers.events import ConfigEvent, FileEvent
from parsepy.triggers.table import CONFIG, FILE
from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import MOUNT
from tests.livequery.listener import Listener, listening, serving
from tests.rest.mailing import OPTIONS
from tests.rest.shop import PASSWORD, ok

CODE = """
from parsepy import Config, File

async def look(request): pass

for watched in ("Order", User, File):
    Cloud.before_delete(watched)(look)
    Cloud.after_delete(watched)(look)
    Cloud.before_find(watched)(look)
    Cloud.after_find(watched)(look)
for watched in ("Order", User, "_Role", "_Installation", File, Config):
    Cloud.before_save(watched)(look)
    Cloud.after_save(watched)(look)
Cloud.before_login(look)
Cloud.after_login(look)
Cloud.after_logout(look)
Cloud.before_password_reset_request(look)
Cloud.before_connect(look)
Cloud.before_subscribe("Order")(look)
Cloud.after_live_query_event("Order")(look)

async def stand_around(request, proceed): await proceed()

for watched in ("Order", User):
    Cloud.around_save(watched)(stand_around)
    Cloud.around_delete(watched)(stand_around)

@Cloud.may_write("Order")
async def open(request): return True

@Cloud.function("total")
async def total(request): return 1
"""


@pytest.fixture
async def day(shop: MakeShop) -> CloudShop:
    """A shop where each hook is watched."""
    return await shop(CODE, **OPTIONS, liveQuery={"classNames": ["Order"]})


async def objects(day: CloudShop) -> None:
    """An order is made, changed, listed, read and deleted, by nobody whom its ACL lets."""
    closed: dict[str, Any] = {"ACL": {"*": {"read": True}}, "total": 1}
    made = ok(await day.master.post("/classes/Order", json=closed), 201)
    url = f"/classes/Order/{made['objectId']}"
    ok(await day.client.put(url, json={"total": 2}))
    ok(await day.client.get("/classes/Order"))
    ok(await day.master.get(url))
    ok(await day.master.delete(url))


async def accounts(day: CloudShop) -> None:
    """A user signs up, logs in and out, forgets the password, and is deleted."""
    ann = {"username": "ann", "password": PASSWORD, "email": "ann@shop.test"}
    user = ok(await day.client.post("/users", json=ann), 201)
    session = ok(await day.client.post("/login", json=ann))["sessionToken"]
    ok(await day.client.as_user(session).post("/logout"))
    ok(await day.client.post("/requestPasswordReset", json={"email": "ann@shop.test"}))
    ok(await day.master.delete(f"/users/{user['objectId']}"))
    ok(await day.master.post("/roles", json={"name": "staff", "ACL": {}}), 201)
    phone = {"deviceType": "ios", "deviceToken": "token"}
    ok(await day.client.post("/installations", json=phone), 201)


async def files_and_config(day: CloudShop) -> None:
    """A file is stored, read and deleted; a parameter is set."""
    saved = ok(await day.master.post("/files/a.txt", content=b"a"), 201)
    assert (await day.client.get(saved["url"].removeprefix(MOUNT))).content == b"a"
    assert (await day.master.delete(f"/files/{saved['name']}")).status_code == 200
    ok(await day.master.put("/config", json={"params": {"price": 1}}))


async def live(day: CloudShop) -> None:
    """Somebody follows the orders; two are made."""
    async with serving(day.client.application) as url, listening(url) as listener:
        await listener.subscribe("Order")
        for total in (1, 2):
            ok(await day.master.post("/classes/Order", json={"total": total}), 201)
        await expect_two(listener)


async def expect_two(listener: Listener) -> None:
    for _ in range(2):
        assert (await listener.frame())["op"] == "create"


async def test_every_kind_fires_exactly_so_often(day: CloudShop) -> None:
    fired: dict[str, Counter[str]] = {}
    for part in (objects, accounts, files_and_config, live):
        day.fired.clear()
        await part(day)
        fired[part.__name__] = Counter(day.fired)
    assert fired["objects"] == {
        "aroundSave Order": 2,
        "aroundDelete Order": 1,
        "beforeSave Order": 2,
        "afterSave Order": 2,
        "mayWrite Order": 1,
        "beforeFind Order": 2,
        "afterFind Order": 2,
        "beforeDelete Order": 1,
        "afterDelete Order": 1,
    }
    assert fired["accounts"] == {
        "aroundSave _User": 1,
        "aroundDelete _User": 1,
        "beforeSave _User": 1,
        "afterSave _User": 1,
        "beforeLogin _User": 1,
        "afterLogin _User": 1,
        "beforeFind _User": 1,  # a log-in reads the user as they may see themselves
        "afterFind _User": 1,
        "afterLogout _Session": 1,
        "beforePasswordResetRequest _User": 1,
        "beforeDelete _User": 1,
        "afterDelete _User": 1,
        "beforeSave _Role": 1,
        "afterSave _Role": 1,
        "beforeSave _Installation": 1,
        "afterSave _Installation": 1,
    }
    assert fired["files_and_config"] == {
        "beforeSave @File": 1,
        "afterSave @File": 1,
        "beforeFind @File": 1,
        "afterFind @File": 1,
        "beforeDelete @File": 1,
        "afterDelete @File": 1,
        "beforeSave @Config": 1,
        "afterSave @Config": 1,
    }
    assert fired["live"] == {
        "beforeConnect @Connect": 1,
        "beforeSubscribe Order": 1,
        "afterEvent Order": 2,
        "aroundSave Order": 2,
        "beforeSave Order": 2,
        "afterSave Order": 2,
    }
    kinds = {name.split()[0] for part in fired.values() for name in part}
    assert kinds == set(TRIGGERS)


async def test_every_event_is_of_the_family_that_the_table_names(day: CloudShop) -> None:
    seen: set[tuple[str, str, type[object]]] = set()
    day.backend.triggers.observers.append(
        lambda event: seen.add((event.kind, event.class_name, type(event)))
    )
    for part in (objects, accounts, files_and_config, live):
        await part(day)
    assert {kind for kind, _, _ in seen} == set(TRIGGERS)
    families: dict[str, type[object]] = {FILE: FileEvent, CONFIG: ConfigEvent}
    for kind, class_name, family in seen:
        assert family is families.get(class_name, TRIGGERS[kind].event)
