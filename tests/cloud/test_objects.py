"""``Object`` over MongoDB: changes, what is noticed of them, conditions and transactions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from parsepy import ACL, Cloud, ConditionFailed, GeoPoint, Object, ParseError, Pointer, Query, User
from parsepy.cloud import current
from parsepy.cloud.objects import from_changes, from_rest
from parsepy.errors import Code
from tests.conftest import Client

pytestmark = pytest.mark.usefixtures("acting")


async def stored(item: Object) -> Object:
    """The object as the database has it."""
    found: Object = await Query(item.class_name).get(str(item.id))
    return found


# --- fields ---


async def test_typed_values_come_back_as_they_were_set() -> None:
    moment = datetime(2026, 11, 26, 10, tzinfo=UTC)
    fields = {"at": moment, "place": GeoPoint(48.2, 16.4), "tags": ["a"], "raw": b"\x00", "n": 1}
    order = await Object("Order", **fields).save()
    found = await stored(order)
    assert {key: found.get(key) for key in fields} == fields


async def test_fields_may_come_as_a_mapping() -> None:
    assert Object("Order", {"class": "A", "total": 1}, total=2).to_json() == {
        "class": "A",
        "total": 2,
    }


async def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="this Order has no total"):
        Object("Order")["total"]


async def test_a_save_brings_id_and_times() -> None:
    order = await Object("Order").save()
    assert order.id
    assert order.created_at == order.updated_at
    assert order.created_at is not None
    assert order.created_at.tzinfo is UTC


async def test_numbers_are_incremented_in_the_database() -> None:
    order = await Object("Order", total=5).save()
    await Pointer("Order", str(order.id)).increment("total", 3).save()
    await order.decrement("total").save()
    assert order.get("total") == 7


async def test_a_decimal_is_added_as_a_number() -> None:
    order = await Object("Order", total=1).increment("total", Decimal("0.5")).save()
    assert (await stored(order)).get("total") == 1.5


async def test_arrays_grow_and_shrink() -> None:
    order = await Object("Order", tags=["a", "b"]).save()
    await order.add("tags", "a").save()
    await order.add_unique("tags", "b").save()
    await order.add_all_unique("tags", ["c", "c"]).save()
    assert (await stored(order)).get("tags") == ["a", "b", "a", "c"]
    await order.remove("tags", "a").save()
    assert (await stored(order)).get("tags") == ["b", "c"]


async def test_an_unset_field_is_gone_and_one_set_to_none_is_null() -> None:
    order = await Object("Order", note="x", status="y").save()
    await order.unset("note").set("status", None).save()
    found = await stored(order)
    assert ("note" in found.keys(), found.get("status", "gone")) == (False, None)  # noqa: SIM118


async def test_a_dotted_key_changes_the_inside_of_an_object() -> None:
    order = await Object("Order", address={"city": "Wien", "zip": "1010"}).save()
    await order.set("address.zip", "1020").save()
    assert (await stored(order)).get("address") == {"city": "Wien", "zip": "1020"}


async def test_a_dotted_key_changes_the_inside_of_an_array() -> None:
    order = await Object("Order", lines=[{"qty": 1, "sku": "a"}, {"qty": 5}]).save()
    order.increment("lines.0.qty", 2).set("lines.1.qty", 6)
    assert order.get("lines") == [{"qty": 3, "sku": "a"}, {"qty": 6}]
    await order.save()
    assert order.get("lines") == (await stored(order)).get("lines")
    assert order.get("lines") == [{"qty": 3, "sku": "a"}, {"qty": 6}]


async def test_the_answer_to_a_dotted_key_leaves_what_lies_beside_it() -> None:
    order = await Object("Order", box={"deep": {"x": 1, "y": 2}, "z": 3}).save()
    await order.increment("box.deep.x").save()
    assert order.get("box") == {"deep": {"x": 2, "y": 2}, "z": 3}


async def test_a_new_relation_shows_the_class_of_its_members() -> None:
    order = Object("Order")
    order.relation("items").add(await Object("Product").save())
    await order.save()
    relation = {"__type": "Relation", "className": "Product"}
    assert order.to_json()["items"] == relation
    assert (await stored(order)).to_json()["items"] == relation


async def test_a_relation_takes_and_loses_members() -> None:
    mug, cup = await Object.save_all([Object("Product"), Object("Product")])
    cart = Object("Cart")
    cart.relation("items").add([mug, cup])
    await cart.save()
    cart.relation("items").remove(mug)
    await cart.save()
    assert await cart.relation("items").query().find() == [cup]


async def test_new_objects_in_fields_are_saved_first() -> None:
    line = Object("Line", sku=Object("SKU", stock=3))
    order = await Object("Order", lines=[line]).save()
    (found,) = (await stored(order)).get("lines")
    await found.fetch_with_include("sku")
    assert found.get("sku").get("stock") == 3


async def test_new_objects_in_a_circle_are_refused() -> None:
    one, two = Object("Order"), Object("Order")
    one.set("other", two)
    two.set("other", one)
    with pytest.raises(ParseError, match="circle"):
        await one.save()


async def test_an_acl_hides_an_object_from_others() -> None:
    ann = await User(username="ann", password="secret").sign_up()
    order = Object("Order")
    order.acl = ACL(ann)
    await order.save()
    found = await stored(order)
    assert found.acl == ACL(ann)


# --- what is changed ---


async def test_dirty_keys_are_those_changed_since_the_last_save() -> None:
    order = Object("Order", total=1, note="x")
    assert sorted(order.dirty_keys()) == ["note", "total"]
    await order.save()
    assert not order.dirty()
    order.increment("total")
    assert (order.dirty("total"), order.dirty("note")) == (True, False)


async def test_a_list_that_is_changed_in_place_is_noticed() -> None:
    order = await stored(await Object("Order", tags=["a"]).save())
    order.get("tags").append("b")
    assert order.dirty_keys() == ["tags"]
    await order.save()
    assert (await stored(order)).get("tags") == ["a", "b"]


async def test_a_list_that_is_only_looked_at_is_not_dirty() -> None:
    order = await stored(await Object("Order", tags=["a"]).save())
    assert order.get("tags") == ["a"]
    assert order.dirty_keys() == []


async def test_revert_brings_back_the_stored_value() -> None:
    order = await Object("Order", total=1).save()
    order.set("total", 5).set("note", "x").revert("total")
    assert (order.get("total"), order.dirty_keys()) == (1, ["note"])


async def test_a_list_changed_in_place_comes_back_as_it_was_on_revert() -> None:
    order = await stored(await Object("Order", tags=["a"]).save())
    order.get("tags").append("b")
    order.revert()
    assert (order.get("tags"), order.dirty()) == (["a"], False)


async def test_fetch_drops_pending_changes() -> None:
    order = await Object("Order", total=1).save()
    await order.set("total", 5).fetch()
    assert (order.get("total"), order.dirty()) == (1, False)


# --- several ---


async def test_save_all_tries_each_and_raises_the_first_refusal() -> None:
    await Object("Order", total=1).save()
    orders = [Object("Order", total=2), Object("Order", total="three"), Object("Order", total=4)]
    with pytest.raises(ParseError) as refusal:
        await Object.save_all(orders)
    assert refusal.value.code == Code.INCORRECT_TYPE
    assert [order.is_new for order in orders] == [False, True, False]


async def test_an_object_existed_from_its_second_save_on() -> None:
    order = Object("Order", total=1)
    told = [order.existed]
    for total in (2, 3):
        await order.set("total", total).save()
        told.append(order.existed)
    assert [*told, (await stored(order)).existed] == [False, False, True, True]


async def test_destroy_all_deletes_them() -> None:
    orders = await Object.save_all(Object("Order", n=n) for n in range(30))
    await Object.destroy_all(orders)
    assert await Query("Order").count() == 0


async def test_only_mere_pointers_of_several_are_fetched_if_needed() -> None:
    tea, mug = await Object.save_all([Object("Order", total=1), Object("Order", total=2)])
    await Pointer("Order", str(tea.id)).set("total", 5).save()
    kept, read = await Object.fetch_all_if_needed([tea, Pointer("Order", str(mug.id))])
    assert (kept.get("total"), read.get("total")) == (1, 2)
    (again,) = await Object.fetch_all([kept])
    assert again.get("total") == 5


async def test_what_was_deleted_cannot_be_fetched() -> None:
    order = await Object("Order").save()
    await order.destroy()
    with pytest.raises(ParseError) as refusal:
        await order.fetch()
    assert refusal.value.code == Code.OBJECT_NOT_FOUND


# --- conditional saves ---


async def test_a_save_under_a_condition_that_holds_is_stored() -> None:
    sku = await Object("SKU", stock=5).save()
    await sku.decrement("stock", 5).save(where={"stock": {"$gte": 5}})
    assert (await stored(sku)).get("stock") == 0


async def test_a_save_under_a_condition_that_does_not_hold_is_refused() -> None:
    sku = await Object("SKU", stock=4).save()
    with pytest.raises(ConditionFailed) as refusal:
        await sku.decrement("stock", 5).save(where={"stock": {"$gte": 5}})
    assert refusal.value.code == Code.VALIDATION_ERROR
    assert (await stored(sku)).get("stock") == 4


async def test_a_condition_on_what_is_gone_is_not_found() -> None:
    sku = await Object("SKU", stock=4).save()
    await Pointer("SKU", str(sku.id)).destroy()
    with pytest.raises(ParseError) as refusal:
        await sku.decrement("stock").save(where={"stock": {"$gte": 1}})
    assert refusal.value.code == Code.OBJECT_NOT_FOUND


async def test_twenty_buyers_of_seven_pieces_buy_seven() -> None:
    sku = await Object("SKU", stock=7).save()

    async def buy() -> bool:
        piece = Pointer("SKU", str(sku.id))
        try:
            await piece.decrement("stock").save(where={"stock": {"$gte": 1}})
        except ConditionFailed:
            return False
        return bool(piece.get("stock") >= 0)

    assert sum(await asyncio.gather(*(buy() for _ in range(20)))) == 7
    assert (await stored(sku)).get("stock") == 0


# --- transactions ---


async def test_a_transaction_that_fails_leaves_nothing() -> None:
    sku = await Object("SKU", stock=5).save()
    await Object("Order").save()

    async def sell_and_fail() -> None:
        async with Cloud.transaction():
            await sku.decrement("stock").save()
            await Object("Order").save()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await sell_and_fail()
    assert (await stored(sku)).get("stock") == 5
    assert await Query("Order").count() == 1


async def test_a_transaction_that_ends_well_stays() -> None:
    sku = await Object("SKU", stock=5).save()
    async with Cloud.transaction():
        await sku.decrement("stock").save()
        await Object.save_all([Object("Order"), Object("Order")])
    assert (await stored(sku)).get("stock") == 4
    assert await Query("Order").count() == 2


async def test_a_transaction_inside_another_is_part_of_it() -> None:
    await Object("Order").save()

    async def order_and_fail() -> None:
        async with Cloud.transaction():
            async with Cloud.transaction():
                await Object("Order").save()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await order_and_fail()
    assert await Query("Order").count() == 1


async def test_transactions_that_meet_are_all_done() -> None:
    sku = await Object("SKU", stock=20).save()
    await Object("Order").save()

    async def buy() -> None:
        async with Cloud.transaction():
            await Pointer("SKU", str(sku.id)).decrement("stock").save()
            await Object("Order").save()

    await asyncio.gather(*(buy() for _ in range(10)))
    assert (await stored(sku)).get("stock") == 10
    assert await Query("Order").count() == 11


async def test_a_function_in_a_transaction_decides_again_when_another_interferes() -> None:
    sku = await Object("SKU", stock=0).save()
    runs = 0

    @Cloud.transaction(attempts=20)
    async def add_one() -> None:
        nonlocal runs
        runs += 1
        piece = await stored(sku)
        await piece.set("stock", piece.get("stock") + 1).save()

    await asyncio.gather(*(add_one() for _ in range(5)))
    assert (await stored(sku)).get("stock") == 5
    assert runs >= 5


async def test_a_decision_that_became_wrong_is_refused_rather_than_stored() -> None:
    sku = await Object("SKU", stock=1).save()

    async def sell() -> None:
        async with Cloud.transaction():
            piece = await stored(sku)
            await elsewhere(str(sku.id))
            await piece.set("stock", piece.get("stock") - 1).save()

    with pytest.raises(ParseError, match="Other transactions changed the same objects"):
        await sell()
    assert (await stored(sku)).get("stock") == 9


async def elsewhere(sku_id: str) -> None:
    """Change the stock outside of the transaction that is under way."""
    collection = current.backend().storage.connection.collection("SKU")
    await collection.update_one({"_id": sku_id}, {"$set": {"stock": 9}})


# --- rights ---


async def test_objects_act_with_the_callers_rights(acting: Client) -> None:
    ann = await User(username="ann", password="secret").sign_up()
    order = Object("Order", total=1)
    order.acl = ACL(ann)
    await order.save()
    token = (await User.log_in("ann", "secret")).session_token
    assert await Query("Order").find(session_token=token) == [order]
    async with acting.as_user("") as anybody:
        answer = await anybody.get("/classes/Order")
        assert answer.json()["results"] == []


async def test_a_value_that_is_handed_out_and_left_alone_is_no_change(acting: Client) -> None:
    item = Object("Box").load(
        {
            "objectId": "1",
            "size": {"wide": 1, "lid": {"__type": "Object", "className": "Lid", "objectId": "2"}},
            "tags": ["a"],
            "ACL": {"*": {"read": True, "write": False}},
        }
    )
    for field in ("size", "tags", "ACL"):
        item.get(field)
    assert item.dirty_keys() == []
    item.get("tags").append("b")
    item.acl.public_read = False  # type: ignore[union-attr]  # it has one
    assert item.changes() == {"tags": ["a", "b"], "ACL": {}}
    item.revert("tags")
    assert (item.get("tags"), item.dirty_keys()) == (["a"], ["ACL"])


# --- what nobody has looked at yet ---


_AT = {"__type": "Date", "iso": "2026-11-26T10:00:00.000Z"}
_RUTH = {"__type": "Pointer", "className": "_User", "objectId": "ruth"}


async def test_a_stored_value_that_was_replaced_unread_comes_back_on_revert() -> None:
    order = from_rest("Order", {"objectId": "o", "at": _AT, "tags": ["a"]})
    copied = order._copy()
    order.set("at", None).set("tags", [])
    assert order.revert("at", "tags").get("at") == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert (order.get("tags"), order.dirty_keys()) == (["a"], [])
    order.get("tags").append("b")
    assert (order.dirty_keys(), copied.get("tags")) == (["tags"], ["a"])


async def test_what_a_client_has_sent_is_there_for_every_kind_of_change() -> None:
    sent = {"at": _AT, "buyer": _RUTH, "tags": ["a"], "total": 3, "ACL": {"*": {"read": True}}}
    order = from_changes("Order", None, sent)
    assert (order.op("at"), order.op("total")) == (_AT, 3)
    assert order.changes() == sent
    order.increment("total").add("tags", "b")
    assert order.changes() == {**sent, "total": 4, "tags": ["a", "b"]}
    assert order.acl == ACL({"*": {"read": True}})
    assert isinstance(order.get("buyer"), User)
    assert order.revert("buyer").get("buyer") is None
    assert order.to_json()["at"] == _AT


async def test_what_was_sent_inside_of_a_field_lies_in_it() -> None:
    item = from_changes("Order", {"objectId": "o", "note": {"a": {"b": 1}}}, {"note.a.b": 2})
    assert item.get("note") == {"a": {"b": 2}}
    assert item.changes() == {"note.a.b": 2}
    assert item.revert().get("note") == {"a": {"b": 1}}
