"""Query options: order, limit, skip, count, keys, excludeKeys, include and the rarer ones."""

from typing import Any

from tests.differential.scenario import Scenario, create, find, get, pointer, post, put

PAGES = [
    create("Page", {"n": n, "letter": letter, "even": n % 2 == 0}, name=f"page {n}")
    for n, letter in enumerate("dacbe")
]
OPTIONS: dict[str, dict[str, Any]] = {
    "order": {"order": "n"},
    "order descending": {"order": "-n"},
    "order by two": {"order": "even,-n"},
    "order with blanks": {"order": "even , -n"},
    "order by createdAt": {"order": "-createdAt"},
    "order by updatedAt": {"order": "updatedAt"},
    "order by an unknown column": {"order": "nosuch,n"},
    "order by a bad name": {"order": "a-b"},
    "order by a dollar name": {"order": "$n"},
    "order by an underscore name": {"order": "_created_at"},
    "order by nothing": {"order": ""},
    "order that is a number": {"order": 5},
    "limit": {"order": "n", "limit": 2},
    "limit 0": {"order": "n", "limit": 0},
    "limit as text": {"order": "n", "limit": "2"},
    "limit above all": {"order": "n", "limit": 5000},
    "limit negative": {"order": "n", "limit": -1},
    "limit of words": {"order": "n", "limit": "many"},
    "limit that is a fraction": {"order": "n", "limit": 1.5},
    "limit null": {"order": "n", "limit": None},
    "skip": {"order": "n", "skip": 3},
    "skip above all": {"order": "n", "skip": 50},
    "skip as text": {"order": "n", "skip": "3"},
    "skip negative": {"order": "n", "skip": -5},
    "skip of words": {"order": "n", "skip": "some"},
    "skip and limit": {"order": "n", "skip": 1, "limit": 2},
    "count": {"order": "n", "count": 1},
    "count and limit": {"order": "n", "count": 1, "limit": 1, "skip": 1},
    "count only": {"order": "n", "count": 1, "limit": 0},
    "count true": {"order": "n", "count": True, "limit": 0},
    "count false": {"order": "n", "count": False, "limit": 1},
    "count zero": {"order": "n", "count": 0, "limit": 1},
    "count as text": {"order": "n", "count": "yes", "limit": 0},
    "count with where": {"order": "n", "count": 1, "limit": 0, "where": {"even": True}},
    "keys": {"order": "n", "keys": "letter"},
    "keys of two": {"order": "n", "keys": "letter,n", "limit": 1},
    "keys with blanks": {"order": "n", "keys": "letter, n", "limit": 1},
    "keys unknown": {"order": "n", "keys": "nosuch", "limit": 1},
    "keys empty": {"order": "n", "keys": "", "limit": 1},
    "keys a number": {"order": "n", "keys": "12", "limit": 1},
    "keys an array": {"order": "n", "keys": ["letter"], "limit": 1},
    "keys of the id": {"order": "n", "keys": "objectId", "limit": 1},
    "keys hidden": {"order": "n", "keys": "_rperm", "limit": 1},
    "excludeKeys": {"order": "n", "excludeKeys": "letter", "limit": 1},
    "excludeKeys of two": {"order": "n", "excludeKeys": "letter,even", "limit": 1},
    "excludeKeys of defaults": {"order": "n", "excludeKeys": "objectId,updatedAt", "limit": 1},
    "keys and excludeKeys": {"order": "n", "keys": "letter,n", "excludeKeys": "n", "limit": 1},
    "where as text": {"order": "n", "where": '{"even":true}'},
    "where that is broken": {"where": '{"even":'},
    "where of a number": {"where": "5"},
    "where of null": {"where": "null"},
    "where of an array": {"order": "n", "where": "[]"},
    "where of text": {"where": '"text"'},
    "where empty": {"order": "n", "where": ""},
    "unknown option": {"nosuch": 1},
    "unknown option with a dollar": {"$where": "1"},
    "option of the wrong case": {"Limit": 1},
    "include of nothing": {"order": "n", "include": "letter", "limit": 1},
    "include unknown": {"order": "n", "include": "nosuch", "limit": 1},
    "includeAll": {"order": "n", "includeAll": True, "limit": 1},
    "comment": {"order": "n", "comment": "for the log", "limit": 1},
    "readPreference": {"order": "n", "readPreference": "primary", "limit": 1},
    "readPreference unknown": {"order": "n", "readPreference": "here", "limit": 1},
    "includeReadPreference unknown": {"order": "n", "includeReadPreference": "x", "limit": 1},
    "subqueryReadPreference": {"order": "n", "subqueryReadPreference": "SECONDARY", "limit": 1},
    "hint": {"order": "n", "hint": "_id_", "limit": 1},
    "hint by key": {"order": "n", "hint": {"_id": 1}, "limit": 1},
    "explain": {"explain": True},
    "explain of nonsense": {"explain": "please"},
    "redirectClassNameForKey": {"order": "n", "redirectClassNameForKey": "letter", "limit": 1},
}

LIBRARY = [
    create("Land", {"name": "Norway"}, save="land"),
    create("Writer", {"name": "Sigrid", "land": pointer("Land", "{land}"), "age": 50}, save="w1"),
    create("Writer", {"name": "Knut", "age": 60}, save="w2"),
    create(
        "Book",
        {
            "title": "One",
            "by": pointer("Writer", "{w1}"),
            "helpers": [pointer("Writer", "{w1}"), pointer("Writer", "{w2}"), "text"],
            "meta": {"editor": pointer("Writer", "{w2}"), "year": 2001},
        },
        save="b1",
    ),
    create("Book", {"title": "Two", "by": pointer("Writer", "gonegonego"), "n": 1}, save="b2"),
    create(
        "Book",
        {"title": "Three", "by": None, "helpers": [pointer("Writer", "gonegonego")]},
        save="b3",
    ),
    create("Book", {"title": "Four", "by": pointer("Writer", "{w2}"), "sequel": None}, save="b4"),
    put("/classes/Book/{b2}", {"sequel": pointer("Book", "{b1}")}),
]
INCLUDES: dict[str, dict[str, Any]] = {
    "include": {"include": "by"},
    "include two levels": {"include": "by.land"},
    "include two paths": {"include": "by,helpers"},
    "include an array": {"include": "helpers"},
    "include through an array": {"include": "helpers.land"},
    "include in an object": {"include": "meta.editor"},
    "include through a pointer to the same class": {"include": "sequel.by.land"},
    "include star": {"include": "*"},
    "includeAll": {"includeAll": True},
    "includeAll as text": {"includeAll": "true"},
    "include of a path that is no pointer": {"include": "title"},
    "include of an unknown path": {"include": "nosuch.by"},
    "include empty": {"include": ""},
    "include an array of names": {"include": ["by"]},
    "include and keys": {"include": "by", "keys": "title,by"},
    "include and keys without the pointer": {"include": "by", "keys": "title"},
    "dotted keys": {"keys": "title,by.name"},
    "dotted keys with include": {"include": "by", "keys": "by.name"},
    "dotted keys of two levels": {"keys": "by.land.name"},
    "dotted keys in an object": {"keys": "meta.year"},
    "excludeKeys in an include": {"include": "by", "excludeKeys": "by.age"},
    "excludeKeys of the pointer": {"include": "by", "excludeKeys": "by"},
    "excludeKeys in an object": {"excludeKeys": "meta.year"},
}

SCENARIOS = [
    Scenario(
        "query options",
        [
            *PAGES,
            *(
                find(
                    "Page",
                    options.get("where"),
                    name=name,
                    **{k: v for k, v in options.items() if k != "where"},
                )
                for name, options in OPTIONS.items()
            ),
            find("Page", count=1, limit=0, who="master", name="count as master"),
            find("Page", explain="please", who="master", name="bad explain as master"),
            find("Page", limit=-1, order="n", who="master", name="limit -1 as master"),
        ],
    ),
    Scenario(
        "includes",
        [
            *LIBRARY,
            *(find("Book", order="title", name=n, **options) for n, options in INCLUDES.items()),
            get("/classes/Book/{b1}", query={"include": "by.land,helpers"}, name="one, included"),
            get("/classes/Book/{b2}", query={"include": "by"}, name="one with a lost pointer"),
            get("/classes/Book/{b1}", query={"includeAll": True}, name="one with includeAll"),
            get("/classes/Book/{b1}", query={"include": "*"}, name="one with a star"),
            find("Writer", {"$relatedTo": {}}, name="related to nothing"),
        ],
    ),
    Scenario(
        "a query in a POST",
        [
            create("Slip", {"n": 1}),
            create("Slip", {"n": 2}),
            post("/classes/Slip", {"_method": "GET", "where": {"n": 2}}, name="where as object"),
            post("/classes/Slip", {"_method": "GET", "where": '{"n":2}'}, name="where as text"),
            post(
                "/classes/Slip",
                {"_method": "GET", "order": "-n", "limit": 1, "count": 1},
                name="options in the body",
            ),
            post(
                "/classes/Slip?limit=1",
                {"_method": "GET", "order": "n", "limit": 2},
                name="options in both places",
            ),
            post("/classes/Slip", {"_method": "get", "order": "n", "keys": "n"}, name="lower case"),
            post("/classes/Slip", {"_method": "GET", "nosuch": 1}, name="unknown option"),
            post("/classes/Slip", {"_method": "GET", "where": 5}, name="where of a number"),
            post(
                "/classes/Slip", {"_method": "GET", "limit": "1", "order": "n"}, name="limit text"
            ),
            post(
                "/classes/Slip", {"_method": "GET", "limit": [1], "order": "n"}, name="limit array"
            ),
            post("/classes/Slip", {"_method": "GET", "order": ["n"]}, name="order array"),
            post("/classes/Slip", {"_method": "GET", "order": {"n": 1}}, name="order object"),
            post("/classes/Slip", {"_method": "GET", "keys": {"n": 1}}, name="keys object"),
            post("/classes/Slip", {"_method": "GET", "include": 5, "order": "n"}, name="include 5"),
        ],
    ),
]
