"""The extension reads documents as its Python twin does, or leaves them to it."""

import asyncio
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import bson
import pytest
from bson import (
    Binary,
    Code,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.datetime_ms import DatetimeMS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parsepy.model.query import Query
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.values import PLAIN_TYPES, FieldType, JSONObject, dumps, loads
from parsepy.operations import includes
from parsepy.storage.documents import CODEC, Plan, file_url_of, plan_of, to_object
from parsepy.storage.native import is_built, splitter, whole
from parsepy.storage.raw_pages import RawPage
from tests.property.strategies import texts

pytestmark = pytest.mark.skipif(not is_built(), reason="the extension is not built")

FILE_URL = file_url_of("http://shop/parse", "shop")
KINDS = (*PLAIN_TYPES.values(), FieldType("Pointer", "_User"), FieldType("Relation", "Tag"))
NAMES = ("a", "b", "name", "size", "owner", "äöü", 'quo"te', "expiresAt")

UNBOUNDED: Any = SimpleNamespace(bounds=SimpleNamespace(include_reads=99, included_bytes=10**9))

# --- documents, as any program may have written them ---------------------------------------------

moments = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    st.integers(-(10**16), 10**16).map(DatetimeMS),
)
common = st.one_of(
    st.none(),
    st.booleans(),
    texts,
    st.text(max_size=30),
    st.sampled_from(["_User$abc", "_User$", "Tag$x", "YWJj", "tab\t\x00\x1f\x7f\u2028", "😀"]),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-5, 5).map(Int64),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e15, 1e16, 1e17, 2.0**63, -(2.0**63), 1e22, 1e-5, 1e-7, 5e-324]),
    moments,
    st.binary(max_size=20),
    st.builds(Binary, st.binary(max_size=9), st.sampled_from([0, 2, 5, 128])),
    st.binary(min_size=12, max_size=12).map(ObjectId),
)
rare = st.sampled_from(
    [
        Regex("a", "i"),
        Code("x"),
        Code("x", {"y": 1}),
        Decimal128("1.50"),
        MinKey(),
        MaxKey(),
        Timestamp(1, 2),
        DBRef("Tag", "x"),
    ]
)
keys = st.one_of(
    st.sampled_from(["__type", "iso", "$ref", "$id", "x", "y", "className", "objectId"]), texts
).filter(lambda key: "\0" not in key)
values = st.recursive(
    st.one_of(common, common, common, rare),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, min_size=2, max_size=2),
        st.dictionaries(keys, inner, max_size=4),
        st.fixed_dictionaries({"__type": st.sampled_from(["Date", "Pointer"]), "iso": inner}),
    ),
    max_leaves=10,
)
special = ("_id", "_created_at", "_updated_at", "createdAt", "objectId", "ACL", "_auth_data_x")
internal = ("_hashed_password", "_", "other")
stored_names = st.sampled_from([*NAMES, *(f"_p_{name}" for name in NAMES), *special, *internal])
lists_of_names = st.one_of(st.none(), st.lists(texts, max_size=4), st.lists(common, max_size=2))
stored = st.builds(
    lambda document, readers, writers: {**document, **readers, **writers},
    st.dictionaries(stored_names, values, max_size=8),
    st.fixed_dictionaries({}, optional={"_rperm": lists_of_names}),
    st.fixed_dictionaries({}, optional={"_wperm": lists_of_names}),
)
columns = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(KINDS), max_size=6)
classes = st.builds(
    lambda name, types: make_schema(name, {n: Field(kind) for n, kind in types.items()}),
    st.sampled_from(["Shop", "_User", "_Session", "_Audience"]),
    columns,
)


def reply(*rows: bytes, cursor: int = 0, ok: float = 1.0) -> bytes:
    """MongoDB's reply to a find that found these documents."""
    batch = bson.encode({str(n): bson.raw_bson.RawBSONDocument(row) for n, row in enumerate(rows)})
    inside = b"\x04firstBatch\0" + batch + bson.encode({"id": Int64(cursor), "ns": "a.b"})[4:]
    inner = (len(inside) + 4).to_bytes(4, "little") + inside
    rest = bson.encode({"ok": ok, "$clusterTime": {"t": Timestamp(1, 1)}, "at": Timestamp(1, 1)})
    body = b"\x03cursor\0" + inner + rest[4:]
    return (len(body) + 4).to_bytes(4, "little") + body


def by_the_twin(plan: Plan, document: bytes) -> Any:
    return to_object(plan, bson.decode(document, CODEC))


def told(value: Any) -> str:
    """A value with all types and the order of its names."""
    return repr(value)


def read_again(text: bytes) -> str:
    """What JSON says, whichever way its numbers are written."""
    return told(loads(text))


@settings(max_examples=300, deadline=None)
@given(classes, st.lists(stored, max_size=3))
@example(make_schema("Shop", {}), [{"a": "b" * 70_000, "_rperm": ["*"], "_wperm": []}])
def test_objects_and_json_are_the_twins(schema: ClassSchema, rows: list[dict[str, Any]]) -> None:
    plan = plan_of(schema, FILE_URL)
    assert plan.native is not None
    encoded = [bson.encode(row) for row in rows]
    expected = [by_the_twin(plan, row) for row in encoded]
    for row, item in zip(encoded, expected, strict=True):
        made, text = plan.native.object(row), plan.native.json(reply(row))
        assert made is None or told(made) == told(item)
        assert text is None or read_again(text) == read_again(dumps([item]))
        listed = plan.native.object_with(row, "_rperm")
        names = bson.decode(row, CODEC).get("_rperm")
        assert listed is None or told(listed[0]) == told(item)
        assert listed is None or told(listed[1]) == told(names)
    answer = reply(*encoded)
    made_all, text = plan.native.objects(answer), plan.native.json(answer)
    assert made_all is None or told(made_all) == told(expected)
    assert text is None or read_again(text) == read_again(dumps(expected))


VARIANT = make_schema("Variant", {"article": Field(FieldType("Pointer", "Article"))})
ARTICLE = make_schema("Article", {"size": Field(PLAIN_TYPES["Number"])})
pointing = st.sampled_from(
    ["Article$a", "Article$b", "Article$gone", "Article$", "Other$a", None, 1]
)
variants = st.builds(
    lambda document, pointers: {**document, **pointers},
    stored.map(lambda row: {name: row[name] for name in row if name[:3] != "_p_"}),
    st.fixed_dictionaries({}, optional={"_p_article": pointing, "article": values}),
)
named = {"className": texts, "__type": texts, "objectId": texts, "size": values}
articles = st.builds(
    lambda row, more: {**row, **more},
    stored.map(lambda row: {name: row[name] for name in row if name != "objectId"}),
    st.fixed_dictionaries({}, optional=named),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(variants, max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), articles, max_size=3),
)
@example([{"_p_article": "Article$a"}, {"_p_article": "Article$gone"}], {"a": {"size": 1}})
@example([{"article": 1, "_p_article": "Article$gone"}], {})
def test_joined_pages_are_what_includes_make_of_the_objects(
    rows: list[dict[str, Any]], targets: dict[str, dict[str, Any]]
) -> None:
    plan, of_targets = plan_of(VARIANT, FILE_URL), plan_of(ARTICLE, FILE_URL)
    assert plan.native is not None
    assert of_targets.native is not None
    answer = reply(*map(bson.encode, rows))
    found = reply(*(bson.encode({**row, "_id": name}) for name, row in targets.items()))
    page, other = RawPage(plan, plan.native, answer), RawPage(of_targets, of_targets.native, found)

    async def read(_: Any, query: Query) -> list[JSONObject]:
        return other.objects() if query.class_name == "Article" else []

    expected = page.objects()
    asyncio.run(includes.fetch(UNBOUNDED, expected, [("article",)], Query("Variant"), read))
    pointers = page.pointers("article")
    objects = other.included("Article", {})
    if pointers is not None and objects is not None:
        joined = {name: text for name, text in objects.items() if name in pointers}
        text = page.json({"article": joined})
        assert text is None or read_again(text) == read_again(dumps(expected))


def test_plain_pages_are_joined_without_the_twin() -> None:
    plan, of_targets = plan_of(VARIANT, FILE_URL), plan_of(ARTICLE, FILE_URL)
    assert plan.native is not None
    assert of_targets.native is not None
    rows = [{"_id": name, "_p_article": "Article$a"} for name in "xy"]
    page = RawPage(plan, plan.native, reply(*map(bson.encode, rows)))
    found = reply(bson.encode({"_id": "a", "size": 3}))
    assert page.pointers("article") == {"a": 2}
    objects = RawPage(of_targets, of_targets.native, found).included("Article", {})
    assert objects is not None
    text = page.json({"article": objects})
    assert text is not None
    article = {"objectId": "a", "size": 3, "__type": "Object", "className": "Article"}
    assert loads(text) == [{"objectId": name, "article": article} for name in "xy"]
    assert page.json({"article": {}}) == b'[{"objectId":"x"},{"objectId":"y"}]'


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(NAMES[:4]), st.integers(-9, 9)), max_size=3))
def test_plain_documents_are_not_left_to_the_twin(rows: list[dict[str, int]]) -> None:
    plan = plan_of(make_schema("Shop", {}), FILE_URL)
    assert plan.native is not None
    answer = reply(*(bson.encode({**row, "_id": "x", "_rperm": ["*"]}) for row in rows))
    assert plan.native.json(answer) is not None
    assert plan.native.objects(answer) is not None


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(classes, st.lists(stored, min_size=1, max_size=2), st.integers(0, 2**32))
def test_mutated_replies_end_well(
    schema: ClassSchema, rows: list[dict[str, Any]], seed: int
) -> None:
    chance = random.Random(seed)
    plan = plan_of(schema, FILE_URL)
    assert plan.native is not None
    answer = bytearray(reply(*map(bson.encode, rows)))
    for _ in range(chance.randint(1, 4)):
        way = chance.random()
        at = chance.randrange(len(answer))
        if way < 0.6:
            answer[at] = chance.choice((0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif way < 0.8:
            del answer[at:]
        else:
            del answer[at : at + chance.randint(1, 8)]
        if not answer:
            return
    mutated = bytes(answer)
    made, text = plan.native.objects(mutated), plan.native.json(mutated)
    plan.native.json_by_id(mutated, b',"x":1', {})
    for name, column in schema.types.items():
        if column.name == "Pointer" and plan.native.pointers(mutated, name) is not None:
            plan.native.json_with(mutated, {name: {"a": b"{}"}})
    try:
        decoded = bson.decode(mutated, CODEC)["cursor"]["firstBatch"]
        expected = [to_object(plan, row) for row in decoded]
    except Exception:  # noqa: BLE001 - whatever a broken reply is for the driver
        return
    assert made is None or told(made) == told(expected)
    assert text is None or read_again(text) == read_again(dumps(expected))


@pytest.mark.parametrize(
    "answer", [reply(cursor=5), reply(ok=0.0), b"", b"\0" * 8, bson.encode({})]
)
def test_what_is_no_whole_good_reply_is_left_alone(answer: bytes) -> None:
    plan = plan_of(make_schema("Shop", {}), FILE_URL)
    assert plan.native is not None
    assert plan.native.objects(answer) is None
    assert plan.native.json(answer) is None
    assert plan.native.json_by_id(answer, b"", {}) is None
    assert whole(answer) is None


def test_every_day_is_written_as_the_twin_writes_it() -> None:
    plan = plan_of(make_schema("Shop", {}), FILE_URL)
    assert plan.native is not None
    day = datetime(1, 1, 1)
    while day.year < 9999:
        document = bson.encode({"_created_at": day})
        assert plan.native.object(document) == by_the_twin(plan, document)
        day += timedelta(days=41, hours=7, minutes=59, milliseconds=999)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(texts, stored, max_size=4))
def test_a_reply_is_split_by_the_ids_of_its_documents(rows: dict[str, dict[str, Any]]) -> None:
    split = splitter()
    assert split is not None
    encoded = {name: bson.encode({**row, "_id": name}) for name, row in rows.items()}
    made = split(reply(*encoded.values()))
    assert made is None or made == encoded
    assert split(reply(*(bson.encode({"_id": number}) for number in range(3)))) is None
    assert split(reply(bson.encode({"a": 1}))) is None
    assert split(reply(bson.encode({"a": 1, "_id": "x"}))) == {
        "x": bson.encode({"a": 1, "_id": "x"})
    }
