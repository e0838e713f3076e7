"""Every decorator fires when it should and only then, and what authors get wrong harms nobody."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from parsepy.errors import Code
from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import Client
from tests.rest.shop import create, find, ok, pointer, refused, sign_up

EVERYTHING = """
def note(request): pass

for register in (
    Cloud.before_save, Cloud.after_save, Cloud.before_delete, Cloud.after_delete,
    Cloud.before_find, Cloud.after_find,
):
    register("Order")(note)
Cloud.before_login(note)
Cloud.after_login()(note)
Cloud.after_logout(note)
Cloud.function("total")(note)
"""


# --- what fires, and how often ---


async def test_a_create_fires_the_two_hooks_of_a_save(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    await create(it.client, "Order", total=5)
    assert it.fired == {"beforeSave Order": 1, "afterSave Order": 1}


async def test_an_update_fires_the_two_hooks_of_a_save(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    order = await create(it.client, "Order", total=5)
    it.fired.clear()
    ok(await it.client.put(f"/classes/Order/{order}", json={"total": 6}))
    assert it.fired == {"beforeSave Order": 1, "afterSave Order": 1}


async def test_a_delete_fires_the_two_hooks_of_a_delete(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    order = await create(it.client, "Order", total=5)
    it.fired.clear()
    ok(await it.client.delete(f"/classes/Order/{order}"))
    assert it.fired == {"beforeDelete Order": 1, "afterDelete Order": 1}


async def test_a_find_and_a_get_fire_the_two_hooks_of_a_find_each(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    order = await create(it.client, "Order", total=5)
    it.fired.clear()
    await find(it.client, "Order")
    assert it.fired == {"beforeFind Order": 1, "afterFind Order": 1}
    ok(await it.client.get(f"/classes/Order/{order}"))
    assert it.fired == {"beforeFind Order": 2, "afterFind Order": 2}


async def test_a_log_in_and_a_log_out_fire_their_hooks(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    ann = await sign_up(it.client, username="ann", password="secret")
    assert it.fired == {}
    ok(await it.client.post("/login", json={"username": "ann", "password": "secret"}))
    assert it.fired == {"beforeLogin _User": 1, "afterLogin _User": 1}
    ok(await ann.client.post("/logout"))
    assert it.fired["afterLogout _Session"] == 1


async def test_a_wrong_password_fires_nothing(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    await sign_up(it.client, username="ann", password="secret")
    refused(await it.client.post("/login", json={"username": "ann", "password": "x"}), 101, 404)
    assert it.fired == {}


async def test_a_function_and_a_batch_fire_once_for_each_call(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    ok(await it.client.post("/functions/total", json={}))
    call = {"method": "POST", "path": "/parse/classes/Order", "body": {"total": 1}}
    ok(await it.client.post("/batch", json={"requests": [call, call, call]}))
    assert it.fired == {"function total": 1, "beforeSave Order": 3, "afterSave Order": 3}


async def test_other_classes_fire_nothing(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    cart = await create(it.client, "Cart", total=5)
    await find(it.client, "Cart")
    ok(await it.client.delete(f"/classes/Cart/{cart}"))
    assert it.fired == {}


async def test_a_refused_save_fires_no_after_hook(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        def refuse(request): raise ParseError(Code.VALIDATION_ERROR, "no")

        @Cloud.after_save("Order")
        def note(request): pass
    """)
    refused(await it.client.post("/classes/Order", json={}), 142)
    assert it.fired == {"beforeSave Order": 1}


# --- what hooks do ---


async def test_a_before_save_changes_what_is_stored_and_the_client_is_told(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def total(request): request.object.set("total", request.object.get("price") * 2)
    """)
    answer = ok(await it.client.post("/classes/Order", json={"price": 4}), 201)
    assert answer["total"] == 8
    assert [order["total"] for order in await find(it.client, "Order")] == [8]


async def test_a_before_save_sees_the_original_and_the_dirty_keys(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def look(request):
            if request.original is not None:
                was, now = request.original.get("status"), request.object.get("status")
                raise ParseError(142, f"{was} to {now}, {request.object.dirty_keys()}")
    """)
    order = await create(it.client, "Order", status="paid", total=5)
    answer = await it.client.put(f"/classes/Order/{order}", json={"status": "sent"})
    assert refused(answer, 142) == "paid to sent, ['status']"


async def test_an_object_that_a_before_save_returns_replaces_the_one_sent(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def replace(request): return Object("Order", total=1)
    """)
    ok(await it.client.post("/classes/Order", json={"total": 9, "note": "x"}), 201)
    (order,) = await find(it.client, "Order")
    assert (order["total"], "note" in order) == (1, False)


async def test_an_answer_of_a_before_save_ends_the_request_with_nothing_stored(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def answer(request): return Cloud.answer({"already": "placed"})
    """)
    response = await it.client.post("/classes/Order", json={"total": 9})
    assert response.json() == {"already": "placed"}
    assert await find(it.client, "Order") == []


async def test_a_before_find_narrows_what_a_client_finds(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def cheap(request): request.query.less_than("total", 5)
    """)
    for total in (3, 7):
        await create(it.client, "Order", total=total)
    assert [order["total"] for order in await find(it.client, "Order")] == [3]


async def test_a_before_find_may_answer_objects_itself(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def answer(request): return [Object("Order", total=1), Object("Order", total=2)]
    """)
    assert [order["total"] for order in await find(it.master, "Order")] == [1, 2]


async def test_l6_what_a_before_find_answers_tells_the_read_only_key_no_credentials(
    shop: MakeShop,
) -> None:
    it = await shop(
        """
        @Cloud.before_find("_User")
        async def answer(request): return [User(username="ann", authData={"badge": {"id": "7"}})]
    """,
        readOnlyMasterKey="reader",
    )
    it.client.headers["X-Parse-Master-Key"] = "reader"
    for reader, shown in ((it.client, {"badge": {}}), (it.master, {"badge": {"id": "7"}})):
        (found,) = await find(reader, "_User")
        assert (found["username"], found["authData"]) == ("ann", shown)
        (found,) = ok(await reader.get("/aggregate/_User"))["results"]
        assert found["authData"] == shown


async def test_objects_that_a_before_find_answers_are_read_again_for_a_client(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def answer(request):
            return [Pointer("Order", i) for i in request.query.to_where()["a"]["$in"]]
    """)
    mine = await create(it.client, "Order", total=1)
    hidden = await create(it.client, "Order", total=2, ACL={})
    found = await find(it.client, "Order", {"a": {"$in": [mine, hidden]}})
    assert [order["total"] for order in found] == [1]


async def test_an_after_find_changes_what_a_client_reads_and_stores_nothing(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.after_find("Order")
        async def hide(request):
            for order in request.objects:
                order.set("total", 0)
    """)
    order = await create(it.client, "Order", total=3)
    assert ok(await it.client.get(f"/classes/Order/{order}"))["total"] == 0
    row = await it.backend.storage.connection.collection("Order").find_one({"_id": order})
    assert row is not None
    assert row["total"] == 3


async def test_what_an_after_find_saw_keeps_its_relations(shop: MakeShop) -> None:
    it = await shop('@Cloud.after_find("Order")\nasync def look(request): pass\n')
    mug = await create(it.master, "Product")
    add = {"__op": "AddRelation", "objects": [pointer("Product", mug)]}
    await create(it.client, "Order", items=add)
    [found] = ok(await it.client.get("/classes/Order"))["results"]
    assert found["items"] == {"__type": "Relation", "className": "Product"}


async def test_a_before_delete_refuses_with_the_authors_code(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_delete("Order")
        async def keep(request): raise ParseError(Code.OPERATION_FORBIDDEN, "orders stay")
    """)
    order = await create(it.client, "Order", total=3)
    assert refused(await it.client.delete(f"/classes/Order/{order}"), 119) == "orders stay"
    assert len(await find(it.client, "Order")) == 1


async def test_a_before_login_keeps_a_user_out(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_login
        async def banned(request):
            if request.object.get("isBanned"):
                raise ParseError(Code.OPERATION_FORBIDDEN, "banned")
    """)
    await sign_up(it.client, username="ann", password="secret", isBanned=True)
    body = {"username": "ann", "password": "secret"}
    assert refused(await it.client.post("/login", json=body), 119) == "banned"


async def test_an_error_of_an_after_save_is_logged_and_never_told(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    it = await shop("""
        @Cloud.after_save("Order")
        async def fail(request): raise ValueError("the printer is on fire")
    """)
    with caplog.at_level(logging.ERROR):
        await create(it.client, "Order", total=3)
    assert "the printer is on fire" in caplog.text


async def test_a_json_value_of_an_after_save_replaces_the_answer(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.after_save("Order")
        async def told(request): return {"number": 17}
    """)
    assert ok(await it.client.post("/classes/Order", json={}), 201) == {"number": 17}


async def test_the_context_of_a_request_reaches_the_after_hook(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def mark(request): request.context["seen"] = request.context["from"] + "!"

        @Cloud.after_save("Order")
        async def told(request): return request.context
    """)
    headers = {"X-Parse-Cloud-Context": '{"from": "till"}'}
    answer = await it.client.post("/classes/Order", json={}, headers=headers)
    assert answer.json() == {"from": "till", "seen": "till!"}


async def test_the_context_of_a_save_reaches_its_own_hooks(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def mark(request): request.object.set("via", request.context["via"])

        @Cloud.function("place")
        async def place(request):
            return await Object("Order").save(context={"via": "function"})
    """)
    answer = ok(await it.client.post("/functions/place", json={}))
    assert answer["result"]["via"] == "function"


# --- functions ---


FUNCTIONS = """
@Cloud.function("nothing")
async def nothing(request): pass

@Cloud.function("echo")
async def echo(request): return request.params

@Cloud.function("teapot")
def teapot(request): return Cloud.answer("short", status=418, headers={"X-Spout": "left"})

@Cloud.function("add")
async def add(request): return 1 + await Cloud.run("echo", {"n": 2}) ["n"]

@Cloud.function("who")
async def who(request): return [request.user and request.user.username, request.master]
"""
FUNCTIONS = FUNCTIONS.replace('1 + await Cloud.run("echo", {"n": 2}) ["n"]', "await inner()")
FUNCTIONS += """
async def inner():
    answer = await Cloud.run("echo", {"n": 2})
    return answer["n"] + 1
"""


async def test_a_function_that_returns_nothing_answers_without_result(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    assert ok(await it.client.post("/functions/nothing", json={})) == {}


async def test_a_function_answers_typed_values_as_they_came(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    body = {"when": {"__type": "Date", "iso": "2026-11-26T10:00:00.000Z"}, "n": 1.5, "x": None}
    assert ok(await it.client.post("/functions/echo", json=body)) == {"result": body}


async def test_a_function_may_choose_status_and_headers(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    answer = await it.client.post("/functions/teapot", json={})
    assert (answer.status_code, answer.headers["x-spout"]) == (418, "left")
    assert answer.json() == {"result": "short"}


async def test_a_function_calls_another_one(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    assert ok(await it.client.post("/functions/add", json={})) == {"result": 3}
    assert it.fired == {"function add": 1, "function echo": 1}


async def test_a_function_knows_who_calls(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    ann = await sign_up(it.client, username="ann")
    told = [
        ok(await client.post("/functions/who", json={}))["result"]
        for client in (it.client, ann.client, it.master)
    ]
    assert told == [[None, False], ["ann", False], [None, True]]


async def test_a_function_that_is_not_there_is_refused(shop: MakeShop) -> None:
    it = await shop(FUNCTIONS)
    message = refused(await it.client.post("/functions/sell", json={}), 141)
    assert message == 'Invalid function: "sell"'


# --- what authors get wrong ---


async def test_any_exception_refuses_with_141_and_its_text(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def fail(request): raise ValueError("no such size")
    """)
    message = refused(await it.client.post("/classes/Order", json={}), Code.SCRIPT_FAILED)
    assert message == "no such size"


HANGS = """
import asyncio, threading

@Cloud.function("hang")
async def hang(request): await asyncio.Event().wait()

@Cloud.function("block")
def block(request): threading.Event().wait(20)

@Cloud.function("ping")
def ping(request): return "pong"
"""


@pytest.mark.parametrize("name", ["hang", "block"])
async def test_a_hook_that_hangs_is_given_up_after_the_time_of_the_option(
    shop: MakeShop, name: str
) -> None:
    it = await shop(HANGS, cloudTimeout=100)
    message = refused(await it.client.post(f"/functions/{name}", json={}), Code.SCRIPT_FAILED)
    assert message == f"the function {name} did not end within 0.1 s."


async def test_others_are_served_while_a_plain_hook_blocks_its_thread(shop: MakeShop) -> None:
    it = await shop(
        HANGS.replace("threading.Event().wait(20)", "gate.wait(20)")
        + "gate = threading.Event()\n@Cloud.function('open')\ndef open_gate(request): gate.set()\n"
    )
    blocked = asyncio.create_task(it.client.post("/functions/block", json={}))
    assert ok(await it.client.post("/functions/ping", json={})) == {"result": "pong"}
    assert not blocked.done()
    ok(await it.client.post("/functions/open", json={}))
    ok(await asyncio.wait_for(blocked, 5))


@pytest.mark.parametrize(
    ("decorator", "told"),
    [
        ('before_save("Order")', "before_save of Order returned a int"),
        ('before_find("Order")', "before_find returned a int"),
        ('after_find("Order")', "after_find returned a int"),
    ],
)
async def test_rubbish_that_a_hook_returns_is_refused_by_name(
    shop: MakeShop, decorator: str, told: str
) -> None:
    it = await shop(f"@Cloud.{decorator}\nasync def rubbish(request): return 5\n")
    save, read = it.client.post("/classes/Order", json={}), it.client.get("/classes/Order")
    answers = [await save, await read]
    (failed,) = [answer for answer in answers if answer.status_code == 400]
    assert told in refused(failed, Code.SCRIPT_FAILED)


async def test_a_function_that_returns_what_parse_has_no_form_for_is_refused(
    shop: MakeShop,
) -> None:
    it = await shop('@Cloud.function("rubbish")\nasync def rubbish(request): return object()\n')
    message = refused(await it.client.post("/functions/rubbish", json={}), Code.SCRIPT_FAILED)
    assert message == "Parse has no type for a object"


async def test_a_number_that_json_has_no_room_for_is_refused_by_its_reason(shop: MakeShop) -> None:
    it = await shop('@Cloud.function("big")\nasync def big(request): return 2**70\n')
    message = refused(await it.client.post("/functions/big", json={}), Code.INVALID_JSON)
    assert message == "The answer has no form in JSON: Integer exceeds 64-bit range."


async def test_a_hook_that_saves_its_own_object_without_end_is_stopped(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        async def again(request): await Object("Order").save()
    """)
    message = refused(await it.client.post("/classes/Order", json={}), Code.SCRIPT_FAILED)
    assert "more than 24 levels deep (beforeSave of Order)" in message
    assert await find(it.client, "Order") == []
    assert it.fired == {"beforeSave Order": 25}


async def test_a_function_that_recurses_in_python_is_refused(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("dig")
        async def dig(request): return down()

        def down(): return down()
    """)
    message = refused(await it.client.post("/functions/dig", json={}), Code.SCRIPT_FAILED)
    assert "recursion" in message


async def test_a_plain_hook_waits_for_what_is_async(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_save("Order")
        def count(request):
            request.object.set("number", Cloud.wait(Query("Order").count()) + 1)
    """)
    for _ in range(2):
        await create(it.client, "Order")
    assert [order["number"] for order in await find(it.client, "Order", order="number")] == [1, 2]


async def test_cloud_wait_in_an_async_hook_says_what_to_use(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("wait")
        async def wait(request): Cloud.wait(None)
    """)
    assert "use await" in refused(await it.client.post("/functions/wait", json={}), 141)


# --- validators ---


VALIDATED = """
def ok(request): return request.params

Cloud.function("user", require_user=True)(ok)
Cloud.function("master", require_master=True)(ok)
Cloud.function("any", require_any_user_roles=["staff", "owner"])(ok)
Cloud.function("all", require_all_user_roles=["staff", "owner"])(ok)
Cloud.function("keys", require_user_keys=["phone"])(ok)
Cloud.function("fields", fields={
    "code": {"type": str, "required": True},
    "count": {"type": int, "default": 1},
    "size": {"options": ["S", "M"], "error": "S or M"},
    "even": {"options": lambda value: value % 2 == 0},
})(ok)
Cloud.function("strict", require_user=True, validate_master_key=True)(ok)
Cloud.function("custom", lambda request: 1 / 0)(ok)
Cloud.before_save("Order", skip_with_master_key=True)(lambda request: 1 / 0)
Cloud.before_save("Cart", fields={"owner": {"constant": True}})(lambda request: None)
"""
VALIDATED = VALIDATED.replace(
    'Cloud.function("custom", lambda', 'Cloud.function("custom", validator=lambda'
)


@pytest.mark.parametrize(
    ("function", "body", "message"),
    [
        ("user", {}, "Validation failed. Please login to continue."),
        ("master", {}, "Validation failed. Master key is required to complete this request."),
        ("any", {}, "Validation failed. Please login to continue."),
        ("keys", {}, "Please login to make this request."),
        ("fields", {}, "Validation failed. Please specify data for code."),
        ("fields", {"code": 5}, "Validation failed. Invalid type for code. Expected: string"),
        ("fields", {"code": "A", "size": "L"}, "S or M"),
        ("fields", {"code": "A", "even": 3}, "Validation failed. Invalid value for even."),
        ("custom", {}, "division by zero"),
    ],
)
async def test_a_validator_refuses_with_142(
    shop: MakeShop, function: str, body: dict[str, Any], message: str
) -> None:
    it = await shop(VALIDATED)
    answer = await it.client.post(f"/functions/{function}", json=body)
    assert refused(answer, Code.VALIDATION_ERROR) == message


async def test_a_validator_passes_what_fits_and_fills_in_defaults(shop: MakeShop) -> None:
    it = await shop(VALIDATED)
    body = {"code": "A", "size": "S", "even": 4}
    answer = ok(await it.client.post("/functions/fields", json=body))
    assert answer == {"result": {**body, "count": 1}}


async def test_the_master_key_passes_validators_unless_told_otherwise(shop: MakeShop) -> None:
    it = await shop(VALIDATED)
    for function in ("user", "master", "any", "all", "keys", "fields", "custom"):
        ok(await it.master.post(f"/functions/{function}", json={}))
    refused(await it.master.post("/functions/strict", json={}), Code.VALIDATION_ERROR)


async def test_a_hook_that_skips_the_master_key_does_not_run_for_it(shop: MakeShop) -> None:
    it = await shop(VALIDATED)
    await create(it.master, "Order")
    refused(await it.client.post("/classes/Order", json={}), Code.SCRIPT_FAILED)


async def test_a_constant_field_keeps_its_first_value(shop: MakeShop) -> None:
    it = await shop(VALIDATED)
    cart = await create(it.client, "Cart", owner="ann")
    ok(await it.client.put(f"/classes/Cart/{cart}", json={"owner": "bob"}))
    assert [item["owner"] for item in await find(it.client, "Cart")] == ["ann"]


async def with_role(it: CloudShop, role: str) -> Client:
    """A client of a new user who holds a role."""
    user = await sign_up(it.client)
    members = {"__op": "AddRelation", "objects": [user.pointer]}
    body = {"name": role, "ACL": {"*": {"read": True}}, "users": members}
    ok(await it.master.post("/roles", json=body), 201)
    return user.client


async def test_roles_open_what_asks_for_any_of_them_and_not_what_asks_for_all(
    shop: MakeShop,
) -> None:
    it = await shop(VALIDATED)
    clerk = await with_role(it, "staff")
    ok(await clerk.post("/functions/any", json={}))
    message = refused(await clerk.post("/functions/all", json={}), Code.VALIDATION_ERROR)
    assert message == "Validation failed. User does not match all the required roles."


async def test_an_operation_of_the_wrong_kind_is_refused_as_without_a_hook(shop: MakeShop) -> None:
    it = await shop(EVERYTHING)
    order = await create(it.client, "Order", note="a text")
    body = {"note": {"__op": "Increment", "amount": 1}}
    refused(await it.client.put(f"/classes/Order/{order}", json=body), Code.INCORRECT_TYPE)


async def test_a_function_takes_a_form_with_a_file(shop: MakeShop) -> None:
    running = await shop(
        """
        @Cloud.function("attach")
        async def attach(request):
            given = request.params
            file = given["file"]
            return [given["note"], file["filename"], file["contentType"], len(file["data"])]
        """
    )
    file = ("a.png", b"\x89PNG", "image/png")
    answer = await running.client.post(
        "/functions/attach", data={"note": "mine"}, files={"file": file}
    )
    assert answer.json() == {"result": ["mine", "a.png", "image/png", 4]}
