"""Names are made as the reference makes them."""

import pytest

from parsepy.graphql.schema import naming
from tests.graphql.recorded import IDS, WORDS, answers

pytestmark = pytest.mark.reference


def test_plurals_are_those_of_the_reference() -> None:
    assert [naming.plural(word) for word in WORDS] == answers()["words"]


def test_relay_ids_are_read_as_the_reference_reads_them() -> None:
    found = [naming.from_global_id(text) for text in IDS]
    assert found == [(item["type"], item["id"]) for item in answers()["ids"]]


def test_a_relay_id_is_read_back() -> None:
    assert naming.from_global_id(naming.to_global_id("_User", "ä:b")) == ("_User", "ä:b")


def test_an_id_is_of_an_object_or_the_objects_own() -> None:
    relay = naming.to_global_id("Product", "x")
    assert naming.object_id_of(relay, "Product") == "x"
    assert naming.object_id_of(relay, "Order") == relay
    assert naming.object_id_of("xWMyZ4YEGZ", "Product") == "xWMyZ4YEGZ"


def test_a_class_of_the_system_loses_its_underscore() -> None:
    assert naming.type_name("_User") == "User"
    assert naming.field_name("_User") == "user"
    assert naming.type_name("product") == "Product"
    assert naming.field_name("SKU") == "sKU"


def test_classes_of_the_system_come_first() -> None:
    names = ["Zoo", "apple", "_User", "Apple", "_Role"]
    assert naming.in_order(names) == ["_Role", "_User", "Apple", "Zoo", "apple"]


def test_some_names_are_none_of_graphql() -> None:
    assert naming.is_name("_private1")
    assert not any(map(naming.is_name, ("", "1st", "a-b", "a.b", "__typename", "ä")))
    assert naming.is_enum_value("truth")
    assert not any(map(naming.is_enum_value, ("true", "false", "null")))
