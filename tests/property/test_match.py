"""An object matches a where in the house exactly when MongoDB finds its document by it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend
from parsepy.errors import ParseError
from parsepy.model import match
from parsepy.model.schema import ClassSchema
from parsepy.model.values import dumps, loads
from parsepy.model.where import parse
from parsepy.storage.documents import file_url_of, plan_of, to_document, to_object
from parsepy.storage.filters import to_filter
from tests.property.shop_talk import Talk

FILE_URL = file_url_of("http://testserver/parse", "shop")
seeds = st.integers(0, 2**48)


def told(thing: ClassSchema, raw: Any) -> tuple[match.Matcher, dict[str, Any]] | None:
    """The where as a matcher and as a filter; the one is refused if the other is."""
    try:
        query = to_filter(thing, parse(raw))
    except ParseError:
        return None
    return match.compile(parse(raw)), query


@settings(max_examples=20, deadline=None)
@given(seeds)
async def test_an_object_matches_when_mongodb_finds_it(
    shop: Backend, thing: ClassSchema, seed: int
) -> None:
    talk = Talk(seed)
    items = [loads(dumps(talk.item(number))) for number in range(30)]
    raws = [loads(dumps(talk.where())) for _ in range(80)]
    asked = {f"w{n}": found for n, raw in enumerate(raws) if (found := told(thing, raw))}
    collection = shop.storage.connection.collection("Thing")
    await collection.insert_many([to_document(thing, item) for item in items])
    try:
        read = await collection.find({}).to_list(None)
        facets = {
            name: [{"$match": query}, {"$project": {"_id": 1}}]
            for name, (_, query) in asked.items()
        }
        (answer,) = await (await collection.aggregate([{"$facet": facets}])).to_list(None)
    finally:
        await collection.delete_many({})
    plan = plan_of(thing, FILE_URL)
    items += [to_object(plan, document) for document in read]  # as sent, and as read again
    for name, (test, _) in asked.items():
        ids = {row["_id"] for row in answer[name]}
        for item in items:
            assert test(item) == (item["objectId"] in ids), (raws[int(name[1:])], item)
