"""Query operators, right and wrong, on every kind of column."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    delete,
    find,
    pointer,
    post,
    sign_up,
)

LAMP = pointer("Maker", "{m1}")


def point(latitude: float, longitude: float) -> dict[str, Any]:
    """Make a GeoPoint in REST form."""
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def regex(pattern: Any, options: Any = None) -> dict[str, Any]:
    """Make a $regex constraint."""
    return {"$regex": pattern} if options is None else {"$regex": pattern, "$options": options}


SHOP = [
    create("Maker", {"name": "Acme", "city": "Ulm", "size": 5}, save="m1"),
    create("Maker", {"name": "Brill", "city": "Bonn", "size": 50}, save="m2"),
    create(
        "Goods",
        {
            "name": "Lamp",
            "price": 10,
            "tags": ["light", "home"],
            "maker": LAMP,
            "since": date("2020-01-01T00:00:00.000Z"),
            "spec": {"watt": 40, "dim": {"h": 1}},
            "live": True,
            "parts": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}],
        },
        save="g1",
    ),
    create(
        "Goods",
        {
            "name": "lamp shade (large)",
            "price": 20.5,
            "tags": ["home"],
            "maker": pointer("Maker", "{m2}"),
            "since": date("2021-01-01T00:00:00.000Z"),
            "spec": {"watt": 60},
            "live": False,
        },
        save="g2",
    ),
    create("Goods", {"name": "Table", "price": 100, "tags": []}, save="g3"),
    create("Goods", {"name": "Chair", "tags": ["home", "light", "wood"], "maker": LAMP}, save="g4"),
    create("Goods", {}, save="g5"),
]

GOOD: dict[str, Any] = {
    "nothing": {},
    "text": {"name": "Lamp"},
    "number": {"price": 10},
    "boolean": {"live": True},
    "null": {"price": None},
    "null of a pointer": {"maker": None},
    "array contains": {"tags": "light"},
    "pointer": {"maker": LAMP},
    "date": {"since": date("2020-01-01T00:00:00.000Z")},
    "id": {"objectId": "{g1}"},
    "id that does not exist": {"objectId": "nosuch"},
    "id and another field": {"objectId": "{g1}", "name": "Table"},
    "column that does not exist": {"nosuch": 1},
    "nested number": {"spec.watt": 40},
    "deep nested number": {"spec.dim.h": 1},
    "inside array elements": {"parts.sku": "A"},
    "inside one array element": {"parts.1.n": 2},
    "through a pointer": {"maker.name": "Acme"},
    "two fields": {"live": False, "price": {"$gt": 1}},
    "$eq": {"price": {"$eq": 10}},
    "$eq null": {"price": {"$eq": None}},
    "$eq pointer": {"maker": {"$eq": LAMP}},
    "$eq bare id on a pointer": {"maker": {"$eq": "{m1}"}},
    "$eq array": {"tags": {"$eq": ["home"]}},
    "bare id on a pointer": {"maker": "{m1}"},
    "$ne": {"price": {"$ne": 10}},
    "$ne null": {"price": {"$ne": None}},
    "$ne pointer": {"maker": {"$ne": LAMP}},
    "$ne id": {"objectId": {"$ne": "{g1}"}},
    "$lt": {"price": {"$lt": 20.5}},
    "$lte": {"price": {"$lte": 20.5}},
    "$gt": {"price": {"$gt": 10}},
    "$gte": {"price": {"$gte": 10}},
    "a range": {"price": {"$gt": 10, "$lt": 100}},
    "$gt of text": {"name": {"$gt": "M"}},
    "$lt of a date": {"since": {"$lt": date("2020-06-01T00:00:00.000Z")}},
    "$gt of a date as text": {"since": {"$gt": "2000-01-01T00:00:00.000Z"}},
    "$lt of another kind": {"price": {"$lt": "text"}},
    "createdAt as Date": {"createdAt": {"$gt": date("2001-01-01T00:00:00.000Z")}},
    "createdAt as text": {"createdAt": "2001-01-01T00:00:00.000Z"},
    "$exists": {"price": {"$exists": True}},
    "$exists false": {"price": {"$exists": False}},
    "$exists of a pointer": {"maker": {"$exists": True}},
    "$in": {"price": {"$in": [10, 100]}},
    "$in nothing": {"price": {"$in": []}},
    "$in with null": {"price": {"$in": [None]}},
    "$in of ids": {"objectId": {"$in": ["{g1}", "{g2}"]}},
    "$in of pointers": {"maker": {"$in": [LAMP]}},
    "$in of bare ids on a pointer": {"maker": {"$in": ["{m1}"]}},
    "$in of an array column": {"tags": {"$in": ["wood"]}},
    "$in of nested arrays": {"price": {"$in": [[10, 100]]}},
    "$nin": {"price": {"$nin": [10, 100]}},
    "$nin of pointers": {"maker": {"$nin": [LAMP]}},
    "$nin nothing": {"price": {"$nin": []}},
    "$all": {"tags": {"$all": ["home", "light"]}},
    "$all nothing": {"tags": {"$all": []}},
    "$all of prefixes": {"tags": {"$all": [{"$regex": "^\\Qho\\E"}]}},
    "$containedBy": {"tags": {"$containedBy": ["home", "light"]}},
    "$containedBy nothing": {"tags": {"$containedBy": []}},
    "$regex": {"name": regex("^La")},
    "$regex without case": {"name": regex("^la", "i")},
    "$regex with all options": {"name": regex("LAMP  SHADE", "imxs")},
    "$regex quoted": {"name": regex("\\Q(large)\\E")},
    "$regex quoted prefix": {"name": regex("^\\Qlamp shade\\E")},
    "$regex on an array": {"tags": regex("^wo")},
    "$regex empty": {"name": regex("")},
    "$regex on a number": {"price": regex("1")},
    "$or": {"$or": [{"name": "Lamp"}, {"price": 100}]},
    "$or of one": {"$or": [{"name": "Lamp"}]},
    "$and": {"$and": [{"tags": "home"}, {"tags": "light"}]},
    "$nor": {"$nor": [{"name": "Lamp"}, {"price": 100}]},
    "$or in $and": {"$and": [{"$or": [{"price": 10}, {"price": 100}]}, {"live": True}]},
    "$or beside a field": {"live": True, "$or": [{"price": 10}, {"price": 100}]},
    "$inQuery": {"maker": {"$inQuery": {"className": "Maker", "where": {"city": "Ulm"}}}},
    "$inQuery of nothing": {"maker": {"$inQuery": {"className": "Maker", "where": {"size": 0}}}},
    "$inQuery of everything": {"maker": {"$inQuery": {"className": "Maker", "where": {}}}},
    "$inQuery of an unknown class": {"maker": {"$inQuery": {"className": "None1", "where": {}}}},
    "$notInQuery": {"maker": {"$notInQuery": {"className": "Maker", "where": {"city": "Ulm"}}}},
    "$inQuery with $in": {
        "maker": {
            "$inQuery": {"className": "Maker", "where": {"size": {"$gt": 1}}},
            "$in": [LAMP],
        }
    },
    "$select": {
        "name": {
            "$select": {"query": {"className": "Goods", "where": {"live": True}}, "key": "name"}
        }
    },
    "$dontSelect": {
        "name": {
            "$dontSelect": {"query": {"className": "Goods", "where": {"live": True}}, "key": "name"}
        }
    },
    "$inQuery in $or": {
        "$or": [
            {"maker": {"$inQuery": {"className": "Maker", "where": {"city": "Ulm"}}}},
            {"name": "Table"},
        ]
    },
    "$relativeTime": {"createdAt": {"$gt": {"$relativeTime": "2 days ago"}}},
    "$relativeTime in the future": {"createdAt": {"$lt": {"$relativeTime": "in 1 day 2 hrs"}}},
    "$relativeTime now": {"createdAt": {"$gt": {"$relativeTime": "now"}}},
    "empty $options": {"name": regex("Lamp", "")},
}

BAD: dict[str, Any] = {
    "array as value": {"price": [10]},
    "object as value": {"spec": {"watt": 40}},
    "$eq of an object": {"spec": {"$eq": {"watt": 40}}},
    "unknown top operator": {"$where": "1"},
    "unknown operator": {"price": {"$mod": [2, 0]}},
    "unknown operator beside a good one": {"price": {"$gt": 1, "$like": "x"}},
    "operators and plain keys": {"spec": {"$gt": 1, "watt": 40}},
    "key with a space": {"a b": 1},
    "key with a dash": {"a-b": 1},
    "key that starts with an underscore": {"_price": 1},
    "key that starts with a digit": {"1a": 1},
    "key with a dollar": {"a$b": 1},
    "empty key": {"": 1},
    "ACL": {"ACL": {}},
    "$in of text": {"price": {"$in": "10"}},
    "$in of an object": {"price": {"$in": {"a": 1}}},
    "$nin of null": {"price": {"$nin": None}},
    "$all of text": {"tags": {"$all": "home"}},
    "$all mixed": {"tags": {"$all": [{"$regex": "^\\Qho\\E"}, "light"]}},
    "$all of a free regex": {"tags": {"$all": [{"$regex": "ho.*"}]}},
    "$containedBy of text": {"tags": {"$containedBy": "home"}},
    "$regex of a number": {"name": regex(5)},
    "$regex of an object": {"name": regex({"a": 1})},
    "$regex that is broken": {"name": regex("[")},
    "$options of a number": {"name": regex("a", 5)},
    "$options unknown": {"name": regex("a", "g")},
    "$options alone": {"name": {"$options": "i"}},
    "$or of an object": {"$or": {"name": "Lamp"}},
    "$and of text": {"$and": "x"},
    "$nor of nothing": {"$nor": []},
    "$nor of an object": {"$nor": {"name": "Lamp"}},
    "$or of nothing": {"$or": []},
    "$and of nothing": {"$and": []},
    "$or of numbers": {"$or": [1, 2]},
    "bad key in $or": {"$or": [{"a-b": 1}]},
    "unknown operator in $and": {"$and": [{"price": {"$like": 1}}]},
    "$inQuery without where": {"maker": {"$inQuery": {"className": "Maker"}}},
    "$inQuery of text": {"maker": {"$inQuery": "Maker"}},
    "$notInQuery without where": {"maker": {"$notInQuery": {"className": "Maker"}}},
    "$inQuery with a bad where": {
        "maker": {"$inQuery": {"className": "Maker", "where": {"a-b": 1}}}
    },
    "$select without key": {"name": {"$select": {"query": {"className": "Goods", "where": {}}}}},
    "$select without query": {"name": {"$select": {"key": "name"}}},
    "$select with more": {
        "name": {"$select": {"query": {"className": "Goods", "where": {}}, "key": "name", "x": 1}}
    },
    "$dontSelect without key": {
        "name": {"$dontSelect": {"query": {"className": "Goods", "where": {}}}}
    },
    "$relativeTime of nonsense": {"createdAt": {"$gt": {"$relativeTime": "soon"}}},
    "$relativeTime of a number": {"createdAt": {"$gt": {"$relativeTime": 5}}},
    "$relativeTime without ago": {"createdAt": {"$gt": {"$relativeTime": "2 days"}}},
    "$relativeTime with both": {"createdAt": {"$gt": {"$relativeTime": "in 2 days ago"}}},
    "$relativeTime of a unit that is none": {"createdAt": {"$lt": {"$relativeTime": "in 2 moons"}}},
    "$relativeTime in $eq": {"createdAt": {"$eq": {"$relativeTime": "now"}}},
    "$relativeTime on a number": {"price": {"$gt": {"$relativeTime": "now"}}},
    "$exists of text": {"price": {"$exists": "yes"}},
    "date without iso": {"since": {"$gt": {"__type": "Date"}}},
    "pointer without class": {"maker": {"__type": "Pointer", "objectId": "x"}},
    "unknown type": {"since": {"__type": "Moment"}},
}

PLACES = [
    create("Branch", {"name": "Ulm", "at": point(48.4, 10)}, name="Ulm"),
    create("Branch", {"name": "Bonn", "at": point(50.7, 7.1)}, name="Bonn"),
    create("Branch", {"name": "Oslo", "at": point(59.9, 10.7)}, name="Oslo"),
    create("Branch", {"name": "Nowhere"}, name="Nowhere"),
]

NEAR: dict[str, Any] = {
    "$nearSphere": {"at": {"$nearSphere": point(48, 10)}},
    "$nearSphere within radians": {"at": {"$nearSphere": point(48, 10), "$maxDistance": 0.01}},
    "$nearSphere within kilometres": {
        "at": {"$nearSphere": point(48, 10), "$maxDistanceInKilometers": 500}
    },
    "$nearSphere within miles": {"at": {"$nearSphere": point(48, 10), "$maxDistanceInMiles": 50}},
    "$nearSphere within explicit radians": {
        "at": {"$nearSphere": point(48, 10), "$maxDistanceInRadians": 0.1}
    },
    "$box": {"at": {"$within": {"$box": [point(47, 5), point(52, 12)]}}},
    "$polygon of points": {
        "at": {
            "$geoWithin": {"$polygon": [point(45, 5), point(45, 15), point(55, 15), point(55, 5)]}
        }
    },
    "$polygon of a Polygon": {
        "at": {
            "$geoWithin": {
                "$polygon": {"__type": "Polygon", "coordinates": [[45, 5], [45, 15], [49, 15]]}
            }
        }
    },
    "$centerSphere of a point": {"at": {"$geoWithin": {"$centerSphere": [point(48, 10), 0.05]}}},
    "$centerSphere of a pair": {"at": {"$geoWithin": {"$centerSphere": [[10, 48], 0.05]}}},
    "equal point": {"at": point(48.4, 10)},
}

FAR: dict[str, Any] = {
    "$box of one": {"at": {"$within": {"$box": [point(47, 5)]}}},
    "$box of numbers": {"at": {"$within": {"$box": [1, 2]}}},
    "$within without $box": {"at": {"$within": {"$ball": [point(47, 5)]}}},
    "$polygon of two": {"at": {"$geoWithin": {"$polygon": [point(45, 5), point(45, 15)]}}},
    "$polygon of text": {"at": {"$geoWithin": {"$polygon": "round"}}},
    "$polygon out of bounds": {
        "at": {"$geoWithin": {"$polygon": [point(95, 5), point(45, 15), point(55, 15)]}}
    },
    "$polygon of pairs": {"at": {"$geoWithin": {"$polygon": [[1, 2], [3, 4], [5, 6]]}}},
    "$geoWithin of nothing": {"at": {"$geoWithin": {}}},
    "$centerSphere without radius": {"at": {"$geoWithin": {"$centerSphere": [point(48, 10)]}}},
    "$centerSphere with a negative radius": {
        "at": {"$geoWithin": {"$centerSphere": [point(48, 10), -1]}}
    },
    "$centerSphere of text": {"at": {"$geoWithin": {"$centerSphere": ["x", 1]}}},
    "$nearSphere of text": {"at": {"$nearSphere": "here"}},
    "$maxDistance alone": {"at": {"$maxDistance": 1}},
    "$geoIntersects of text": {"area": {"$geoIntersects": {"$point": "here"}}},
    "$geoIntersects out of bounds": {"area": {"$geoIntersects": {"$point": point(95, 1)}}},
    "$geoIntersects without $point": {"area": {"$geoIntersects": {}}},
}

SEARCHES: dict[str, Any] = {
    "term": {"$search": {"$term": "coffee"}},
    "term and language": {"$search": {"$term": "coffee", "$language": "en"}},
    "case sensitive": {"$search": {"$term": "Coffee", "$caseSensitive": True}},
    "diacritic sensitive": {"$search": {"$term": "coffee", "$diacriticSensitive": True}},
    "nothing found": {"$search": {"$term": "submarine"}},
    "term that is a number": {"$search": {"$term": 5}},
    "no term": {"$search": {}},
    "search that is text": {"$search": "coffee"},
    "language that is a number": {"$search": {"$term": "coffee", "$language": 5}},
    "language that is unknown": {"$search": {"$term": "coffee", "$language": "xx"}},
    "caseSensitive that is text": {"$search": {"$term": "coffee", "$caseSensitive": "yes"}},
    "diacriticSensitive that is text": {"$search": {"$term": "x", "$diacriticSensitive": "yes"}},
    "no search": {},
}


def queries(class_name: str, wheres: dict[str, Any], **options: Any) -> list[Step]:
    """Send each where clause once."""
    return [find(class_name, where, name=name, **options) for name, where in wheres.items()]


SCENARIOS = [
    Scenario(
        "query operators", [*SHOP, *queries("Goods", GOOD, order="name,objectId", keys="name")]
    ),
    Scenario(
        "queries that are refused",
        [
            *(
                Step(
                    step.method,
                    step.path.replace("Goods", "Wares").replace("Maker", "Smith"),
                    step.body,
                    save=step.save,
                )
                for step in SHOP
            ),
            *queries("Wares", BAD, order="name", keys="name"),
            *(
                find("Wares", BAD[name], who="master", order="name", name=f"{name}, as master")
                for name in ("$or of an object", "$and of text", "$nor of an object", "ACL")
            ),
        ],
        configuration="detailed",
    ),
    Scenario(
        "queries near places",
        [
            *PLACES,
            *queries("Branch", NEAR, keys="name", ordered=True)[:5],
            *queries("Branch", NEAR, keys="name")[5:],
            *queries("Branch", NEAR, order="name")[:5],
        ],
    ),
    Scenario(
        "counts near places",
        [
            create("Kiosk", {"name": "Ulm", "at": point(48.4, 10)}),
            create("Kiosk", {"name": "Oslo", "at": point(59.9, 10.7)}),
            find("Kiosk", {"at": {"$nearSphere": point(48, 10)}}, count=1, limit=0),
            find(
                "Kiosk",
                {"at": {"$nearSphere": point(48, 10), "$maxDistance": 0.05}},
                count=1,
                limit=0,
            ),
        ],
    ),
    Scenario(
        "queries near places that are refused",
        [
            create("Depot", {"name": "Ulm", "at": point(48.4, 10)}),
            create(
                "Depot",
                {"area": {"__type": "Polygon", "coordinates": [[0, 0], [0, 9], [9, 9], [9, 0]]}},
            ),
            find("Depot", {"area": {"$geoIntersects": {"$point": point(5, 5)}}}, name="hit"),
            find("Depot", {"area": {"$geoIntersects": {"$point": point(50, 50)}}}, name="miss"),
            *queries("Depot", FAR, keys="name"),
        ],
    ),
    Scenario(
        "text searches",
        [
            create("Review", {"text": "Coffee is good", "stars": 5}),
            create("Review", {"text": "coffee and more coffee", "stars": 4}),
            create("Review", {"text": "tea", "stars": 3}),
            *(find("Review", {"text": {"$text": s}}, name=n) for n, s in SEARCHES.items()),
            find(
                "Review",
                {"text": {"$text": {"$search": {"$term": "coffee"}}}},
                order="$score",
                keys="$score,text",
                name="with the score",
            ),
        ],
    ),
    Scenario(
        "queries on users",
        [
            sign_up("u1", "queried-one", email="one@shop.test", age=30),
            sign_up("u2", "queried-two", age=40),
            find("_User", {"username": "queried-one"}, who="u1", name="oneself by name"),
            find("_User", {"age": {"$gt": 35}}, who="u1", name="others by age"),
            find("_User", {"email": "one@shop.test"}, who="u1", name="by email"),
            find("_User", {"email": "one@shop.test"}, who="master", name="by email as master"),
            find("_User", {"password": "pass-word"}, who="master", name="by password as master"),
            find("_User", {"password": "pass-word"}, who="u1", name="by password"),
            find("_User", {"_hashed_password": "x"}, who="master", name="by hash as master"),
            find("_User", {"_hashed_password": {"$regex": "^."}}, who="u1", name="by hash"),
            find("_User", {"_session_token": "x"}, name="by legacy token"),
            find(
                "_User",
                {"_rperm": "*", "username": {"$in": ["queried-one", "queried-two"]}},
                who="master",
                order="username",
                name="by read group as master",
            ),
            find("_User", {"_wperm": "x"}, who="u1", name="by write group"),
            find("_User", {"_email_verify_token": "x"}, who="u1", name="by verification token"),
            find(
                "_User",
                {"_perishable_token": {"$exists": False}, "age": 30},
                who="master",
                name="p",
            ),
            find("_User", {"authData.anonymous.id": "x"}, who="master", name="by provider id"),
            find("_User", {"authData": {"$exists": True}}, who="u1", name="by authData"),
            post("/users", {"_method": "GET", "where": {"username": "queried-two"}}, who="u2"),
            delete("/users/{u1_id}", who="u1"),
        ],
        configuration="detailed",
    ),
]
