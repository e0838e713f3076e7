"""Aggregations: both forms of a pipeline, names and values translated, results, refusals."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    get,
    op,
    pointer,
    post,
    sign_up,
)

HALL = pointer("Hall", "{d1}")
EVENT = "2024-03-01T00:00:00.000Z"
ANONYMOUS = "00000000-0000-4000-8000-000000000001"
ROWS: list[dict[str, Any]] = [
    {
        "name": "bolt",
        "n": 1,
        "price": 2.5,
        "kind": "metal",
        "due": date("2024-01-01T00:00:00.000Z"),
    },
    {"name": "nut", "n": 2, "price": 1, "kind": "metal", "due": date(EVENT)},
    {"name": "plank", "n": 3, "price": 20, "kind": "wood", "due": date("2024-06-01T00:00:00.000Z")},
    {"name": "beam", "n": 4, "price": 100, "kind": "wood"},
    {"name": "glue", "n": 5, "price": None},
]
MORE: list[dict[str, Any]] = [
    {"tags": ["small", "new"], "spec": {"a": {"b": 1}, "when": date(EVENT)}, "depot": HALL},
    {"tags": ["small"], "spec": {"a": {"b": 2}}, "depot": HALL},
    {"tags": [], "depot": pointer("Hall", "{d2}")},
    {"tags": ["large"], "place": {"__type": "GeoPoint", "latitude": 1, "longitude": 2}},
    {"raw": {"__type": "Bytes", "base64": "aGk="}, "photo": {"__type": "File", "name": "a.png"}},
]
STOCK = [
    create("Hall", {"name": "hall", "size": 3}, save="d1"),
    create("Hall", {"name": "yard", "size": 9}, save="d2"),
    *(
        create("Part", {**row, **more, "list": [HALL]}, save=f"p{row['n']}")
        for row, more in zip(ROWS, MORE, strict=True)
    ),
]


def aggregate(
    name: str, class_name: str = "Part", *, ordered: bool = False, **parameters: Any
) -> Step:
    """Make an aggregation with the master key; `S` before a stage's name stands for the dollar."""
    query = {key.replace("S_", "$"): value for key, value in parameters.items()}
    return get(f"/aggregate/{class_name}", query=query, who="master", name=name, ordered=ordered)


def pipeline(name: str, *stages: Any, class_name: str = "Part", **more: Any) -> Step:
    """Make an aggregation whose pipeline is an array of stages."""
    ordered = any(isinstance(stage, dict) and "$sort" in stage for stage in stages)
    return aggregate(name, class_name, ordered=ordered, pipeline=list(stages), **more)


def match(label: str, /, **conditions: Any) -> Step:
    """Make a pipeline of one $match, which shows names in a defined order."""
    renamed = {key.replace("S_", "$"): value for key, value in conditions.items()}
    return pipeline(
        f"match {label}", {"$match": renamed}, {"$sort": {"n": 1}}, {"$project": {"name": 1}}
    )


SORT = {"$sort": {"n": 1}}
BY_ID = {"$sort": {"_id": 1}}
NAMES = {"$project": {"_id": 0, "name": 1}}
COUNT = {"$group": {"_id": "$kind", "count": {"$sum": 1}}}

FORMS = [
    *STOCK,
    pipeline("an array of stages", COUNT, BY_ID),
    aggregate("an object of stages", pipeline={"$match": {"kind": "wood"}, "$sort": {"n": 1}}),
    aggregate("stages as parameters", S_match={"kind": "wood"}, S_sort={"n": -1}, S_limit=1),
    aggregate("one stage as a parameter", S_group={"_id": None, "sum": {"$sum": "$n"}}),
    aggregate("a stage without its dollar", group={"_id": None}),
    aggregate("match without its dollar", match={"n": 1}),
    aggregate("limit without its dollar", limit=1),
    aggregate("a pipeline and stages", pipeline=[{"$limit": 1}, SORT], S_match={"n": 9}),
    pipeline("a stage without its dollar in an array", {"match": {"n": 1}}),
    pipeline("group without its dollar in an array", {"group": {"objectId": "$n"}}),
    pipeline("an unknown stage", {"$nosuch": {}}),
    pipeline("an empty name", {"": {}}),
    pipeline("a stage of two keys", {"$match": {}, "$limit": 1}),
    pipeline("a stage of none", {}),
    pipeline("a text for a stage", "abc"),
    pipeline("a number for a stage", 5),
    pipeline("a list for a stage", [1, 2]),
    pipeline("an empty pipeline"),
    aggregate("an empty object", pipeline={}),
    aggregate("nothing at all"),
    aggregate("a pipeline that is text", pipeline="abc"),
    aggregate("a pipeline that is a number", pipeline=5),
    aggregate("a pipeline that is null", pipeline=None),
    aggregate("a pipeline that is empty text", pipeline=""),
    aggregate("a pipeline that is broken", pipeline="[{"),
    post(
        "/aggregate/Part",
        {"_method": "GET", "pipeline": [COUNT, BY_ID]},
        who="master",
        name="as a POST that says GET",
    ),
    post(
        "/aggregate/Part",
        {"_method": "GET", "$match": {"n": 1}, "$project": {"_id": 0, "n": 1}},
        who="master",
        name="stages in a POST that says GET",
    ),
    pipeline("a class that is not there", COUNT, class_name="NoSuchPart"),
    pipeline("a name that is no class", COUNT, class_name="no-class"),
    pipeline("a wrong stage of no class", {"$nosuch": 1}, class_name="NoSuchPart"),
    pipeline("a class of joins", COUNT, class_name="_Join:parts:Hall"),
]

MATCHES = [
    match("a number", n=2),
    match("a text", name="nut"),
    match("operators", n={"$gte": 2, "$lt": 4}),
    match("in", name={"$in": ["nut", "beam"]}),
    match("or", S_or=[{"n": 1}, {"kind": "wood"}]),
    match("and", S_and=[{"n": {"$gt": 1}}, {"kind": "metal"}]),
    match("nor", S_nor=[{"n": {"$gt": 1}}]),
    match("regex", name={"$regex": "^b"}),
    match("regex with options", name={"$regex": "^B", "$options": "i"}),
    match("a broken regex", name={"$regex": "("}),
    match("null", price=None),
    match("exists", due={"$exists": True}),
    match("not exists", due={"$exists": False}),
    match("the id", objectId="{p1}"),
    match("the id in a list", objectId={"$in": ["{p1}", "{p2}"]}),
    match("the id in an or", S_or=[{"objectId": "{p1}"}, {"objectId": "{p3}"}]),
    match("the id as the database names it", _id="{p1}"),
    match("a pointer by id", depot="{d1}"),
    match("a pointer by its stored text", depot={"$eq": "Hall${d1}"}),
    match("a pointer in stored texts", depot={"$in": ["Hall${d1}"]}),
    match("a pointer in bare ids", depot={"$in": ["{d1}"]}),
    match("a pointer that exists", depot={"$exists": True}),
    match("a pointer that is null", depot=None),
    match("a pointer by a number", depot=5),
    match("a pointer as the database names it", _p_depot="Hall${d1}"),
    match("a Pointer value", depot=HALL),
    match("a Pointer value in an operator", depot={"$ne": HALL}),
    match("a Pointer in an array", list=HALL),
    match("a date by its text", due=EVENT),
    match("a date after a text", due={"$gt": EVENT}),
    match("a date between texts", due={"$gte": "2024-01-01", "$lt": "2024-03-02T00:00:00Z"}),
    match("a date by a year", due={"$lt": "2024"}),
    match("a date by a month", due={"$lt": "2024-03"}),
    match("a date by a text of words", due={"$gt": "tomorrow"}),
    match("a date by a mail's date", due={"$lt": "Mon, 01 Jan 2024 00:00:01 GMT"}),
    match("a date by milliseconds", due={"$gt": 5}),
    match("a date in a list of texts", due={"$in": [EVENT]}),
    match("a date that is null", due=None),
    match("a date that is not null", due={"$ne": None}),
    match("a Date value", due=date(EVENT)),
    match("a Date value in an operator", due={"$gt": date(EVENT)}),
    match("a relative time", due={"$lt": {"$relativeTime": "1 day ago"}}),
    match("createdAt", createdAt={"$gt": "2020-01-01T00:00:00.000Z"}),
    match("createdAt in the future", createdAt={"$gt": "2120-01-01T00:00:00.000Z"}),
    match("updatedAt", updatedAt={"$lt": "2020-01-01"}),
    match("createdAt in an or", S_or=[{"createdAt": {"$lt": "2020-01-01"}}, {"n": 1}]),
    match("a dotted path", **{"spec.a.b": 2}),
    match("a date inside an object", **{"spec.when": EVENT}),
    match("an element", tags="small"),
    match("all of an array", tags={"$all": ["small", "new"]}),
    match("a size", tags={"$size": 1}),
    match("elemMatch", tags={"$elemMatch": {"$eq": "large"}}),
    match("not", n={"$not": {"$gt": 2}}),
    match("a type", price={"$type": "number"}),
    match("an expression", S_expr={"$gt": ["$price", "$n"]}),
    match("an expression of a pointer", S_expr={"$eq": ["$_p_depot", "Hall${d1}"]}),
    match("where", S_where="true"),
    match("an unknown operator", n={"$nosuch": 1}),
    match("an unknown top operator", S_nosuch=[]),
    match("in without an array", n={"$in": 5}),
    pipeline("match that is text", {"$match": "abc"}),
    pipeline("match that is null", {"$match": None}),
    pipeline("match that is an array", {"$match": []}),
    pipeline("match after group", COUNT, {"$match": {"count": 2}}, BY_ID),
    pipeline("match of the group's id", COUNT, {"$match": {"_id": "wood"}}),
    pipeline("match of the group's objectId", COUNT, {"$match": {"objectId": "wood"}}),
]

GROUPS = [
    pipeline("group all", {"$group": {"_id": None, "sum": {"$sum": "$n"}}}),
    pipeline("group all by an object", {"$group": {"_id": {}, "sum": {"$sum": "$n"}}}),
    pipeline("group all by a text", {"$group": {"_id": "", "sum": {"$sum": "$n"}}}),
    pipeline("group by a number", {"$group": {"_id": "$n"}}, BY_ID),
    pipeline("group by a text", {"$group": {"_id": "$kind", "most": {"$max": "$price"}}}, BY_ID),
    pipeline("group by two", {"$group": {"_id": {"k": "$kind", "t": "$tags"}}}, BY_ID),
    pipeline("group by a date", {"$group": {"_id": "$due"}}, BY_ID),
    pipeline("group by a part of a date", {"$group": {"_id": {"$month": "$due"}}}, BY_ID),
    pipeline("group by day of createdAt", {"$group": {"_id": {"$gt": ["$createdAt", None]}}}),
    pipeline(
        "group by a pointer",
        {"$group": {"_id": "$depot", "c": {"$sum": 1}}},
        {"$sort": {"c": 1, "_id": 1}},
    ),
    pipeline(
        "group by a stored pointer",
        {"$group": {"_id": "$_p_depot", "c": {"$sum": 1}}},
        {"$sort": {"c": 1, "_id": 1}},
    ),
    pipeline(
        "group by a pointer and more",
        {"$group": {"_id": {"d": "$depot"}, "c": {"$sum": 1}}},
        {"$sort": {"c": 1, "_id": 1}},
    ),
    pipeline("group by the id", {"$group": {"_id": "$_id"}}),
    pipeline("group by objectId", {"$group": {"_id": "$objectId"}}),
    pipeline("group with an objectId", {"$group": {"objectId": "$kind"}}),
    pipeline("group with both ids", {"$group": {"objectId": "$kind", "_id": "$kind"}}),
    pipeline("group without an id", {"$group": {"sum": {"$sum": 1}}}),
    pipeline("group that is text", {"$group": "abc"}),
    pipeline("group that is a number", {"$group": 5}),
    pipeline("group with a wrong accumulator", {"$group": {"_id": None, "x": {"$nosuch": 1}}}),
    pipeline("group with a plain field", {"$group": {"_id": None, "x": 5}}),
    pipeline("an average", {"$group": {"_id": "$kind", "x": {"$avg": "$price"}}}, BY_ID),
    pipeline("a minimum", {"$group": {"_id": None, "x": {"$min": "$due"}}}),
    pipeline("a push", SORT, {"$group": {"_id": "$kind", "x": {"$push": "$name"}}}, BY_ID),
    pipeline(
        "a push of the document's parts",
        SORT,
        {"$group": {"_id": None, "x": {"$push": {"n": "$n", "d": "$due"}}}},
    ),
    pipeline("a push of pointers", SORT, {"$group": {"_id": None, "x": {"$push": "$depot"}}}),
    pipeline(
        "a set",
        {"$group": {"_id": None, "x": {"$addToSet": "$kind"}}},
        {"$project": {"size": {"$size": "$x"}}},
    ),
    pipeline("a first", SORT, {"$group": {"_id": None, "x": {"$first": "$due"}}}),
    pipeline("a column's name for a sum", {"$group": {"_id": None, "due": {"$sum": 1}}}),
    pipeline("a pointer's name for a sum", {"$group": {"_id": None, "depot": {"$sum": 1}}}),
    pipeline("a file's name for a sum", {"$group": {"_id": None, "photo": {"$sum": 1}}}),
    pipeline("createdAt of a group", {"$group": {"_id": None, "createdAt": {"$min": "$due"}}}),
    pipeline(
        "createdAt of a group's createdAt", {"$group": {"_id": None, "x": {"$min": "$createdAt"}}}
    ),
    pipeline(
        "updatedAt in an expression",
        {"$group": {"_id": None, "x": {"$max": {"$year": "$updatedAt"}}}},
        {"$project": {"x": {"$gt": ["$x", 2020]}}},
    ),
    pipeline("expiresAt of a group", {"$group": {"_id": None, "expiresAt": {"$min": "$due"}}}),
    pipeline("an underscore field", {"$group": {"_id": None, "_x": {"$sum": 1}}}),
    pipeline("a field with a dash", {"$group": {"_id": None, "a-b": {"$sum": 1}}}),
    pipeline("a field that begins with a digit", {"$group": {"_id": None, "1a": {"$sum": 1}}}),
    pipeline("a field with a dollar", {"$group": {"_id": None, "$a": {"$sum": 1}}}),
    pipeline(
        "a null in an expression",
        {"$group": {"_id": None, "x": {"$max": {"$ifNull": ["$nosuch", None]}}}},
    ),
    pipeline(
        "a function",
        {
            "$group": {
                "_id": {"$function": {"body": "function() {return 1}", "args": [], "lang": "js"}}
            }
        },
    ),
    pipeline(
        "an accumulator of one's own",
        {
            "$group": {
                "_id": None,
                "x": {
                    "$accumulator": {
                        "init": "function() {return 0}",
                        "accumulate": "function(a) {return a + 1}",
                        "accumulateArgs": [],
                        "merge": "function(a, b) {return a + b}",
                        "lang": "js",
                    }
                },
            }
        },
    ),
    pipeline(
        "a large sum",
        {"$group": {"_id": None, "x": {"$sum": {"$multiply": ["$n", 9007199254740992]}}}},
    ),
    pipeline("a sum of fractions", {"$group": {"_id": None, "x": {"$sum": 0.1}}}),
    pipeline(
        "a division by nothing", {"$group": {"_id": None, "x": {"$sum": {"$divide": ["$n", 0]}}}}
    ),
]

STAGES = [
    pipeline("whole objects", SORT),
    pipeline("project", SORT, {"$project": {"name": 1, "n": 1}}),
    pipeline("project without the id", SORT, NAMES),
    pipeline("project without the objectId", SORT, {"$project": {"objectId": 0, "name": 1}}),
    pipeline("project objectId", SORT, {"$project": {"objectId": 1}}),
    pipeline("project a pointer", SORT, {"$project": {"depot": 1}}),
    pipeline("project away a pointer", SORT, {"$project": {"depot": 0, "list": 0}}),
    pipeline("project times", SORT, {"$project": {"createdAt": 1, "updatedAt": 1}}),
    pipeline("project away times", SORT, {"$project": {"createdAt": 0, "updatedAt": 0}}),
    pipeline("project a date", SORT, {"$project": {"due": 1}}),
    pipeline("project a new name", SORT, {"$project": {"title": "$name", "when": "$due"}}),
    pipeline("project the stored pointer anew", SORT, {"$project": {"x": "$_p_depot"}}),
    pipeline("project a pointer anew", SORT, {"$project": {"x": "$depot"}}),
    pipeline("project stored createdAt anew", SORT, {"$project": {"x": "$_created_at"}}),
    pipeline("project createdAt anew", SORT, {"$project": {"x": "$createdAt"}}),
    pipeline("project a part", SORT, {"$project": {"spec.a.b": 1}}),
    pipeline("project an array", SORT, {"$project": {"list": 1, "tags": 1}}),
    pipeline("project a place", SORT, {"$project": {"place": 1}}),
    pipeline("project bytes", SORT, {"$project": {"raw": 1}}),
    pipeline("project a file", SORT, {"$project": {"photo": 1}}),
    pipeline("project a file anew", SORT, {"$project": {"x": "$photo"}}),
    pipeline("project a computed date", SORT, {"$project": {"due": {"$year": "$due"}}}),
    pipeline(
        "project a formatted date",
        SORT,
        {"$project": {"d": {"$dateToString": {"format": "%Y", "date": "$due"}}}},
    ),
    pipeline("project the hidden", SORT, {"$project": {"_rperm": 1, "_wperm": 1}}),
    pipeline(
        "project a condition",
        SORT,
        {"$project": {"x": {"$cond": [{"$gt": ["$n", 2]}, "many", "few"]}}},
    ),
    pipeline("project a mix", {"$project": {"name": 1, "n": 0}}),
    pipeline("project nothing", {"$project": {}}),
    pipeline("project that is text", {"$project": "name"}),
    pipeline("sort", {"$sort": {"price": -1, "n": 1}}, NAMES),
    pipeline("sort by stored createdAt", {"$sort": {"_created_at": -1}}, NAMES),
    pipeline("sort by nothing", {"$sort": {}}, NAMES),
    pipeline("sort by words", {"$sort": {"n": "down"}}, NAMES),
    pipeline("limit", SORT, {"$limit": 2}, NAMES),
    pipeline("limit 0", SORT, {"$limit": 0}),
    pipeline("limit negative", SORT, {"$limit": -1}),
    pipeline("limit as text", SORT, {"$limit": "2"}),
    pipeline("skip", SORT, {"$skip": 3}, NAMES),
    pipeline("skip negative", SORT, {"$skip": -3}),
    pipeline("sample", {"$sample": {"size": 5}}, SORT, NAMES),
    pipeline("sample of words", {"$sample": {"size": "some"}}),
    pipeline("unwind", SORT, {"$unwind": "$tags"}, {"$project": {"_id": 0, "n": 1, "tags": 1}}),
    pipeline(
        "unwind and keep",
        SORT,
        {
            "$unwind": {
                "path": "$tags",
                "preserveNullAndEmptyArrays": True,
                "includeArrayIndex": "i",
            }
        },
        {"$project": {"_id": 0, "n": 1, "tags": 1, "i": 1}},
    ),
    pipeline("unwind without a dollar", {"$unwind": "tags"}),
    pipeline(
        "addFields",
        SORT,
        {"$addFields": {"twice": {"$multiply": ["$n", 2]}}},
        {"$project": {"twice": 1}},
    ),
    pipeline("set", SORT, {"$set": {"name": {"$toUpper": "$name"}}}, {"$project": {"name": 1}}),
    pipeline("unset", SORT, {"$unset": ["list", "tags"]}),
    pipeline("count", {"$count": "all"}),
    pipeline("count of none", {"$match": {"n": 99}}, {"$count": "all"}),
    pipeline("sortByCount", {"$match": {"n": {"$lt": 4}}}, {"$sortByCount": "$kind"}),
    pipeline(
        "bucket",
        {"$bucket": {"groupBy": "$price", "boundaries": [0, 10, 1000], "default": "none"}},
        {"$sort": {"_id": 1}},
    ),
    pipeline(
        "facet",
        {
            "$facet": {
                "few": [{"$match": {"n": 1}}, {"$project": {"name": 1}}],
                "all": [{"$count": "c"}],
            }
        },
    ),
    pipeline(
        "lookup",
        SORT,
        {
            "$lookup": {
                "from": "Hall",
                "let": {"d": "$_p_depot"},
                "pipeline": [
                    {"$match": {"$expr": {"$eq": [{"$concat": ["Hall$", "$_id"]}, "$$d"]}}},
                    {"$project": {"_id": 0, "name": 1}},
                ],
                "as": "hall",
            }
        },
        {"$project": {"n": 1, "hall": 1}},
    ),
    pipeline("lookup without from", {"$lookup": {"as": "x"}}),
    pipeline(
        "unionWith",
        {"$match": {"n": 1}},
        {"$unionWith": "Hall"},
        {"$project": {"_id": 0, "name": 1}},
        {"$sort": {"name": 1}},
    ),
    pipeline(
        "replaceRoot",
        SORT,
        {"$match": {"spec": {"$exists": True}}},
        {"$replaceRoot": {"newRoot": "$spec"}},
    ),
    pipeline("replaceWith", SORT, {"$replaceWith": {"n": "$n", "w": "$due"}}),
    pipeline("redact", {"$redact": "$$KEEP"}, SORT, {"$project": {"n": 1}}),
    pipeline(
        "geoNear without an index",
        {"$geoNear": {"near": [2, 1], "distanceField": "far", "query": {"objectId": "{p4}"}}},
    ),
    pipeline("out", {"$match": {"n": 1}}, {"$out": "PartCopy"}),
    pipeline("merge of two", {"$merge": {"into": "PartCopy"}}, {"$limit": 1}),
    pipeline("changeStream late", {"$limit": 1}, {"$changeStream": {}}),
    pipeline("currentOp", {"$currentOp": {}}),
    pipeline("collStats", {"$collStats": {"count": {}}}, {"$project": {"count": 1}}),
]

OPTIONS = [
    pipeline("a hint by name", {"$match": {"n": 1}}, NAMES, hint="_id_"),
    pipeline("a hint by keys", {"$match": {"n": 1}}, NAMES, hint={"_id": 1}),
    pipeline("a hint at no index", {"$match": {"n": 1}}, hint="nosuch"),
    pipeline("an empty hint", {"$match": {"n": 1}}, NAMES, hint=""),
    pipeline("a hint that is a number", {"$match": {"n": 1}}, hint=5),
    aggregate("an empty hint beside stages", S_match={"n": 1}, hint=""),
    pipeline("a comment", {"$match": {"n": 1}}, NAMES, comment="why"),
    pipeline("a comment that is an object", {"$match": {"n": 1}}, NAMES, comment={"a": 1}),
    pipeline(
        "a read preference", {"$match": {"n": 1}}, NAMES, readPreference="SECONDARY_PREFERRED"
    ),
    pipeline(
        "a read preference in lower case", {"$match": {"n": 1}}, NAMES, readPreference="primary"
    ),
    pipeline("an unknown read preference", {"$match": {"n": 1}}, readPreference="nosuch"),
    pipeline("a read preference of a number", {"$match": {"n": 1}}, readPreference=5),
    pipeline("explain of a wrong level", {"$match": {"n": 1}}, explain="much"),
    pipeline("explain of a wrong pipeline", {"$nosuch": 1}, explain=True),
    pipeline("explain false", {"$match": {"n": 1}}, NAMES, explain=False),
    pipeline("raw values", SORT, {"$project": {"due": 1, "n": 1, "price": 1}}, rawValues=True),
    pipeline(
        "raw values of whole objects",
        {"$match": {"n": 1}},
        {"$project": {"_created_at": 0, "_updated_at": 0}},
        rawValues=True,
    ),
    pipeline(
        "raw values match a date",
        {"$match": {"due": {"$gt": {"$date": EVENT}}}},
        NAMES,
        rawValues=True,
    ),
    pipeline("raw values match a text", {"$match": {"due": {"$gt": EVENT}}}, NAMES, rawValues=True),
    pipeline(
        "raw values match a pointer",
        {"$match": {"depot": "Hall${d1}"}},
        SORT,
        NAMES,
        rawValues=True,
    ),
    pipeline(
        "raw values match a bare pointer", {"$match": {"depot": "{d1}"}}, NAMES, rawValues=True
    ),
    pipeline(
        "raw values of a group", {"$group": {"_id": None, "x": {"$min": "$due"}}}, rawValues=True
    ),
    pipeline("raw values of a bad date", {"$match": {"due": {"$date": "never"}}}, rawValues=True),
    pipeline(
        "raw values of a long", {"$match": {"n": {"$numberLong": "1"}}}, NAMES, rawValues=True
    ),
    pipeline(
        "raw values with a regex",
        {"$match": {"name": {"$regularExpression": {"pattern": "^B", "options": "i"}}}},
        SORT,
        NAMES,
        rawValues=True,
    ),
    pipeline("raw values that are text", {"$match": {"n": 1}}, NAMES, rawValues="true"),
    aggregate("raw values that are text beside stages", S_match={"n": 1}, rawValues="yes"),
    pipeline("raw names", {"$match": {"n": 1}}, rawFieldNames=True),
    pipeline("raw names match the id", {"$match": {"objectId": "{p1}"}}, rawFieldNames=True),
    pipeline(
        "raw names match _id",
        {"$match": {"_id": "{p1}"}},
        {"$project": {"n": 1}},
        rawFieldNames=True,
    ),
    pipeline("raw names match a pointer", {"$match": {"depot": "{d1}"}}, rawFieldNames=True),
    pipeline(
        "raw names match a stored pointer",
        {"$match": {"_p_depot": "Hall${d1}"}},
        SORT,
        {"$project": {"n": 1}},
        rawFieldNames=True,
    ),
    pipeline(
        "raw names match a date",
        {"$match": {"due": {"$gt": EVENT}}},
        {"$project": {"n": 1, "due": 1}},
        rawFieldNames=True,
    ),
    pipeline(
        "raw names of a group",
        {"$group": {"_id": None, "_x": {"$sum": 1}, "a-b": {"$sum": 2}}},
        rawFieldNames=True,
    ),
    pipeline(
        "raw names group by a pointer",
        {"$group": {"_id": "$_p_depot", "c": {"$sum": 1}}},
        {"$sort": {"c": 1, "_id": 1}},
        rawFieldNames=True,
    ),
    pipeline(
        "raw names show bytes",
        {"$match": {"n": 5}},
        {"$project": {"raw": 1, "_id": 0}},
        rawFieldNames=True,
    ),
    pipeline(
        "raw both",
        {"$match": {"n": 1}},
        {"$project": {"_id": 1, "due": 1, "_p_depot": 1}},
        rawFieldNames=True,
        rawValues=True,
    ),
    pipeline(
        "raw both show times",
        {"$match": {"n": 1}},
        {"$project": {"_id": 0, "t": {"$type": "$_created_at"}}},
        rawFieldNames=True,
        rawValues=True,
    ),
]

DISTINCT = [
    aggregate("distinct numbers", distinct="n"),
    aggregate("distinct texts", distinct="kind"),
    aggregate("distinct ids", distinct="objectId"),
    aggregate("distinct pointers", distinct="depot"),
    aggregate("distinct stored pointers", distinct="_p_depot"),
    aggregate("distinct dates", distinct="due"),
    aggregate("distinct elements", distinct="tags"),
    aggregate("distinct pointers in arrays", distinct="list"),
    aggregate("distinct parts", distinct="spec.a.b"),
    aggregate("distinct objects", distinct="spec"),
    aggregate("distinct places", distinct="place"),
    aggregate("distinct bytes", distinct="raw"),
    aggregate("distinct files", distinct="photo"),
    aggregate("distinct of no column", distinct="nosuch"),
    aggregate("distinct of a number", distinct=5),
    aggregate("distinct of an array", distinct=["kind"]),
    aggregate("distinct of nothing", distinct=""),
    aggregate("distinct of a dollar", distinct="$n"),
    aggregate("distinct where", distinct="n", where={"kind": "wood"}),
    aggregate("distinct where as text", distinct="n", where='{"kind":"wood"}'),
    aggregate("distinct where broken", distinct="n", where='{"kind":'),
    aggregate("distinct where a pointer", distinct="n", where={"depot": HALL}),
    aggregate("distinct where a date", distinct="n", where={"due": {"$gt": date(EVENT)}}),
    aggregate("distinct where a wrong operator", distinct="n", where={"n": {"$nosuch": 1}}),
    aggregate(
        "distinct where a subquery",
        distinct="n",
        where={"depot": {"$inQuery": {"className": "Hall", "where": {"name": "hall"}}}},
    ),
    aggregate("distinct where an id", distinct="name", where={"objectId": "{p2}"}),
    aggregate("distinct where nothing matches", distinct="n", where={"n": 99}),
    aggregate("distinct and a hint", distinct="kind", hint="_id_"),
    aggregate("distinct and a pipeline", distinct="kind", pipeline=[{"$limit": 1}]),
    aggregate("distinct and a wrong pipeline", distinct="kind", pipeline=[{"limit": 1}]),
    aggregate("distinct and a wrong stage", distinct="kind", group={"_id": 1}),
    aggregate("distinct of no class", "NoSuchPart", distinct="kind"),
    aggregate("where without distinct", where={"n": 1}),
    aggregate("where beside a pipeline", pipeline=[SORT, NAMES], where={"n": 1}, ordered=True),
    aggregate("where beside stages", S_match={"n": 1}, where={"n": 1}),
    aggregate("a broken where beside a pipeline", pipeline=[SORT], where="{"),
]
REFUSED = [
    get("/aggregate/Part", query={"pipeline": [COUNT]}, name="for nobody"),
    get("/aggregate/Part", query={"distinct": "n"}, name="distinct for nobody"),
    post("/aggregate/Part", {"_method": "GET"}, name="as a POST for nobody"),
    sign_up("buyer", "aggregating"),
    get("/aggregate/Part", query={"pipeline": []}, who="buyer", name="for a user"),
]

USERS = [
    sign_up("ann", "agg-ann", email="ann@agg.test"),
    sign_up("ben", "agg-ben"),
    post(
        "/users",
        {"authData": {"anonymous": {"id": ANONYMOUS}}},
        name="an anonymous user",
    ),
    pipeline("whole users", {"$match": {"username": "agg-ann"}}, class_name="_User"),
    pipeline(
        "the anonymous user's authData",
        {"$match": {"_auth_data_anonymous.id": ANONYMOUS}},
        {"$project": {"_auth_data_anonymous": 1, "_id": 0}},
        class_name="_User",
    ),
    pipeline("match a user's password", {"$match": {"password": "pass-word"}}, class_name="_User"),
    pipeline(
        "match a hash by regex",
        {"$match": {"username": "agg-ann", "_hashed_password": {"$regex": "^\\$2"}}},
        {"$project": {"username": 1}},
        class_name="_User",
    ),
    pipeline(
        "project a hash",
        {"$match": {"username": "agg-ann"}},
        {"$project": {"_hashed_password": 1}},
        class_name="_User",
    ),
    pipeline(
        "count users by e-mail",
        {"$group": {"_id": "$email", "c": {"$sum": 1}}},
        {"$match": {"_id": "ann@agg.test"}},
        class_name="_User",
    ),
    pipeline(
        "a user's raw names",
        {"$match": {"username": "agg-ann"}},
        {"$project": {"username": 1, "_id": 1, "_p_x": 1}},
        class_name="_User",
        rawFieldNames=True,
    ),
    pipeline(
        "sessions of a user",
        {"$match": {"user": "{ann_id}"}},
        {"$project": {"_id": 0, "user": 1, "sessionToken": 1, "createdWith": 1}},
        class_name="_Session",
    ),
    pipeline(
        "session tokens",
        {"$match": {"user": "{ann_id}"}},
        {"$project": {"_id": 0, "_session_token": 1}},
        class_name="_Session",
    ),
    pipeline(
        "expiry of sessions",
        {"$match": {"user": "{ann_id}"}},
        {"$project": {"_id": 0, "expiresAt": 1}},
        class_name="_Session",
    ),
    pipeline(
        "expiry of sessions by date",
        {"$match": {"user": "{ann_id}", "expiresAt": {"$lt": "2020-01-01"}}},
        class_name="_Session",
    ),
    aggregate(
        "distinct usernames", "_User", distinct="username", where={"username": {"$regex": "^agg-"}}
    ),
    aggregate(
        "distinct users of sessions",
        "_Session",
        distinct="user",
        where={"user": pointer("_User", "{ann_id}")},
    ),
    pipeline("roles", {"$match": {"name": "nosuch"}}, class_name="_Role"),
    create(
        "Crew", {"name": "a", "members": op("AddRelation", objects=[pointer("_User", "{ann_id}")])}
    ),
    pipeline("a class with a relation", {"$project": {"name": 1}}, class_name="Crew"),
    pipeline(
        "a group of a class with a relation",
        {"$group": {"_id": None, "c": {"$sum": 1}}},
        class_name="Crew",
    ),
    create("Crew", {"name": "b", "ACL": {"{ann_id}": {"read": True}}}),
    pipeline("objects with an ACL", {"$match": {"name": "b"}}, class_name="Crew"),
    pipeline("hooks and audiences", COUNT, class_name="_Audience"),
    pipeline("the schema", COUNT, class_name="_SCHEMA"),
]

KEYS = [
    create("Bolt", {"n": 1}),
    get(
        "/aggregate/Bolt",
        query={"pipeline": [NAMES]},
        who="readonly",
        name="with the read-only key",
    ),
    get(
        "/aggregate/Bolt",
        query={"distinct": "n"},
        who="readonly",
        name="distinct with the read-only key",
    ),
    get(
        "/aggregate/Bolt",
        query={"pipeline": [{"$out": "BoltCopy"}]},
        who="readonly",
        name="out with the read-only key",
    ),
]
MAINTENANCE = [
    get(
        "/aggregate/Bolt",
        query={"pipeline": []},
        who="maintenance",
        name="with the maintenance key",
    ),
]

SCENARIOS = [
    Scenario("aggregation", [*FORMS, *MATCHES, *GROUPS, *STAGES, *OPTIONS, *DISTINCT, *REFUSED]),
    Scenario("aggregation over users", USERS),
    Scenario("aggregation with the read-only key", KEYS, "hooks"),
    Scenario("aggregation with the maintenance key", MAINTENANCE, "keys"),
]
