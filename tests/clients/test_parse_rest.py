"""The Python client `parse_rest` (ParsePy, package qs-parse-rest) works against `parsepy serve`."""

import importlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.conftest import database_in
from tests.sdk.test_js_sdk import APP_ID, MASTER_KEY, SCHEMA, parsepy_serving


class Client:
    """The client's modules, which read the server's address from the environment at import."""

    def __init__(self) -> None:
        def module(name: str) -> Any:
            return importlib.import_module(f"parse_rest.{name}")

        self.connection, self.types = module("connection"), module("datatypes")
        self.User, self.Role = module("user").User, module("role").Role
        self.Config, self.core = module("config").Config, module("core")
        self.connection.register(APP_ID, "no REST key is configured")

    def master(self) -> Any:
        """Everything inside is done with the master key."""
        return self.connection.MasterKey(MASTER_KEY)

    def session(self, token: str) -> Any:
        """Everything inside is done as this user."""
        return self.connection.SessionToken(token)

    def new_class(self) -> Any:
        """A class that nobody has used yet."""
        return self.types.Object.factory(f"Gadget{uuid4().hex[:8]}")

    def sign_up(self) -> Any:
        """A user with a session."""
        name = f"ann{uuid4().hex[:8]}"
        return self.User.signup(name, "a good password", email=f"{name}@example.com")


@pytest.fixture(scope="module")
def parse(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client, speaking to a shop of its own."""
    database = f"parse_rest_{uuid4().hex[:12]}"
    uri, home = database_in(mongo_uri, database), tmp_path_factory.mktemp("parse_rest")
    with (
        parsepy_serving(uri, [SCHEMA / "ecommerce.json"], home) as shop,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("PARSE_API_ROOT", shop.url)
        yield Client()
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(database)


def test_an_object_is_saved_changed_and_deleted(parse: Client) -> None:
    Gadget = parse.new_class()
    with parse.master():
        gadget = Gadget(name="mug", price=5)
        gadget.save()
        assert isinstance(gadget.createdAt, datetime)
        gadget.price = 6
        gadget.save()
        assert Gadget.Query.get(objectId=gadget.objectId).price == 6
        gadget.delete()
        assert list(Gadget.Query.all()) == []


def test_values_of_every_type_come_back(parse: Client) -> None:
    Gadget, types = parse.new_class(), parse.types
    moment = datetime(2026, 11, 27, 8, 30, 15, 123000)
    with parse.master():
        Gadget(
            text="é",
            fraction=0.5,
            yes=True,
            things=[1, "a", {"b": 2}],
            options={"colour": "red"},
            since=moment,
            place=types.GeoPoint(40.0, -30.0),
            picture=types.Binary("AAEC"),
        ).save()
        found = Gadget.Query.all().get()
    assert (found.text, found.fraction, found.yes) == ("é", 0.5, True)
    assert (found.things, found.options, found.since) == (
        [1, "a", {"b": 2}],
        {"colour": "red"},
        moment,
    )
    assert (found.place.latitude, found.place.longitude) == (40, -30)
    assert found.picture._encoded == "AAEC"


def test_operations_act_at_once(parse: Client) -> None:
    Gadget = parse.new_class()
    with parse.master():
        gadget = Gadget(stock=1, tags=["a"])
        gadget.save()
        gadget.increment("stock", 4)
        gadget.addToArray("tags", ["b"])
        gadget.addUniqueToArray("tags", ["b", "c"])
        gadget.removeFromArray("tags", ["a"])
        found = Gadget.Query.get(objectId=gadget.objectId)
        assert (found.stock, found.tags) == (5, ["b", "c"])
        gadget.remove("stock")
        assert not hasattr(Gadget.Query.get(objectId=gadget.objectId), "stock")


def test_queries_filter_sort_and_count(parse: Client) -> None:
    Gadget = parse.new_class()
    with parse.master():
        parse.connection.ParseBatcher().batch_save(Gadget(n=n, even=n % 2 == 0) for n in range(6))
        query = Gadget.Query.filter(even=True, n__gte=2)
        assert [g.n for g in query.order_by("n", descending=True)] == [4, 2]
        assert query.count() == 2
        assert [g.n for g in Gadget.Query.filter(n__in=[1, 5]).order_by("n")] == [1, 5]
        assert [g.n for g in Gadget.Query.all().order_by("n").skip(4).limit(1)] == [4]
        assert len(Gadget.Query.filter(n__exists=False)) == 0


def test_a_batch_saves_and_deletes_and_tells_what_failed(parse: Client) -> None:
    Gadget, batcher = parse.new_class(), parse.connection.ParseBatcher()
    with parse.master():
        gadgets = [Gadget(n=n) for n in range(3)]
        batcher.batch_save(gadgets)
        assert len({gadget.objectId for gadget in gadgets}) == 3
        with pytest.raises(parse.core.ParseBatchError, match="schema mismatch"):
            batcher.batch_save([Gadget(n="many"), Gadget(n=9)])
        batcher.batch_delete(gadgets)
        assert [gadget.n for gadget in Gadget.Query.all()] == [9]


def test_pointers_are_loaded_on_demand_or_included(parse: Client) -> None:
    Gadget, Maker = parse.new_class(), parse.new_class()
    with parse.master():
        maker = Maker(name="Acme")
        maker.save()
        Gadget(maker=maker).save()
        assert Gadget.Query.all().get().maker.name == "Acme"
        assert Gadget.Query.all().select_related("maker").get().maker.name == "Acme"
        assert Gadget.Query.filter(maker=maker).count() == 1


def test_a_relation_is_filled_and_queried(parse: Client) -> None:
    Gadget, Part = parse.new_class(), parse.new_class()
    with parse.master():
        gadget, parts = Gadget(name="clock"), [Part(n=n) for n in range(3)]
        gadget.save()
        gadget.relation("parts").add(parts)
        found = Gadget.Query.all().get().relation("parts")
        assert sorted(part.n for part in found.query()) == [0, 1, 2]
        found.remove(parts[:2])
        assert [part.n for part in found.query()] == [2]


def test_a_user_signs_up_logs_in_and_out(parse: Client) -> None:
    ann = parse.sign_up()
    again = parse.User.login(ann.username, "a good password")
    assert again.objectId == ann.objectId
    again.address = "1 Main Street"
    again.save()
    with parse.session(again.sessionToken):
        assert parse.User.current_user().address == "1 Main Street"
    again.logout()
    with (
        parse.session(again.sessionToken),
        pytest.raises(parse.core.ResourceRequestBadRequest, match="Invalid session token"),
    ):
        parse.User.current_user()


def test_a_wrong_password_is_not_found(parse: Client) -> None:
    ann = parse.sign_up()
    with pytest.raises(parse.core.ResourceRequestNotFound, match="Invalid username/password"):
        parse.User.login(ann.username, "a bad password")


def test_an_acl_keeps_others_out(parse: Client) -> None:
    Gadget, ann = parse.new_class(), parse.sign_up()
    with parse.master():
        gadget, acl = Gadget(name="diary"), parse.types.ACL()
        acl.set_user(ann, read=True, write=True)
        gadget.ACL = acl
        gadget.save()
    assert Gadget.Query.all().count() == 0
    with parse.session(ann.sessionToken):
        assert Gadget.Query.all().get().name == "diary"


def test_a_role_has_users(parse: Client) -> None:
    ann = parse.sign_up()
    with parse.master():
        acl = parse.types.ACL({"*": {"read": True}})
        role = parse.Role(name=f"clerks-{uuid4().hex[:8]}", ACL=acl)
        role.save()
        role.addRelation("users", "_User", [ann.objectId])
        assert [user.objectId for user in parse.User.Query.filter(users__relatedTo=role)] == [
            ann.objectId
        ]


def test_the_config_is_read(parse: Client) -> None:
    with parse.master():
        parse.Config.PUT("", params={"greeting": "hello", "margin": 3}, masterKeyOnly={"margin": 1})
        assert parse.Config.get() == {"greeting": "hello", "margin": 3}
    assert parse.Config.get() == {"greeting": "hello"}


def test_columns_and_classes_are_dropped(parse: Client) -> None:
    Gadget = parse.new_class()
    with parse.master():
        gadget = Gadget(name="mug", price=5)
        gadget.save()
        Gadget.schema_delete_field("price")
        assert "price" not in Gadget.schema()["fields"]
        gadget.delete()
        Gadget.drop()
        with pytest.raises(parse.core.ResourceRequestBadRequest, match="does not exist"):
            Gadget.schema()


def test_a_refusal_is_told_with_its_code(parse: Client) -> None:
    Product = parse.types.Object.factory("Product")
    with pytest.raises(parse.core.ResourceRequestBadRequest) as refusal:
        Product(name="mug", price=1).save()
    assert json.loads(refusal.value.args[0]) == {"code": 119, "error": "Permission denied"}
    with pytest.raises(parse.core.ResourceRequestForbidden):
        Product.schema()
