"""The interface that GraphQL offers is the reference's: names, types and order."""

from parsepy.graphql.schema import build
from tests.graphql.interface import (
    REFERENCE,
    invalid_parts,
    shop_classes,
    undescribed,
    without_descriptions,
    written,
)

FUNCTIONS = ("hello", "fail", "failPlain", "echo", "answer", "someProduct")


def test_the_interface_of_the_templates_is_the_references() -> None:
    schema = build(shop_classes(), functions=FUNCTIONS)
    expected = without_descriptions(REFERENCE.read_text(encoding="utf-8"))
    assert written(schema).splitlines() == expected.splitlines()


def test_every_type_field_and_argument_is_described() -> None:
    schema = build(shop_classes(), functions=FUNCTIONS, subscriptions=frozenset({"Order"}))
    assert undescribed(schema) == []


def test_the_schema_is_valid() -> None:
    schema = build(shop_classes(), functions=FUNCTIONS, subscriptions=frozenset({"Order"}))
    assert invalid_parts(schema) == []


def test_subscriptions_are_part_of_it_only_where_they_are_asked_for() -> None:
    followed = build(shop_classes(), functions=FUNCTIONS, subscriptions=frozenset({"Order"}))
    added = set(written(followed).split("\n\n")) - set(
        written(build(shop_classes(), functions=FUNCTIONS)).split("\n\n")
    )
    assert {block.split(" {")[0] for block in added} == {
        "type OrderSubscriptionPayload",
        "enum SubscriptionEvent",
        "type Subscription",
    }
