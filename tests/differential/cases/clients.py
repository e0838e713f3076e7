"""What the client libraries of other languages send: compressed, cut, empty, spelled otherwise."""

import gzip
import json
import zlib
from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
)

_CUT = "\\ud83d"
"""Half of an emoji, as JSON escapes it: what is left when a text is cut by its UTF-16 units."""
ENCODED = json.dumps({"text": "packed", "n": 1}).encode()
_RELATED = pointer("Shelf", "none")


def _raw(class_name: str, text: str, name: str, **more: Any) -> Step:
    return post(f"/classes/{class_name}", text, name=name, **more)


def _packed(coding: str, body: bytes, name: str) -> Step:
    return post("/classes/Packed", body, name=name, headers={"Content-Encoding": coding})


def _deflated_bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def _clients(name: str, steps: list[Step]) -> Scenario:
    return Scenario(name, steps, configuration="clients")


def _relative(text: str) -> dict[str, Any]:
    return {"$relativeTime": text}


def _php(path: str, text: str, name: str, method: str = "POST") -> Step:
    """Send a schema as PHP writes it, whose empty arrays may stand for empty objects."""
    return Step(method, path, text, who="master", name=name)


SCENARIOS = [
    _clients(
        "C1 lone surrogates",
        [
            _raw("Cut", f'{{"s":"{_CUT}"}}', "high"),
            _raw("Cut", '{"s":"\\ude00"}', "low"),
            _raw("Cut", f'{{"s":"a{_CUT}b"}}', "in the middle"),
            _raw("Cut", '{"s":"\\ude00\\ud83d"}', "the two in the wrong order"),
            _raw("Cut", f'{{"s":"{_CUT}\\ud83d\\ude00"}}', "before a whole pair"),
            _raw("Cut", f'{{"s":"{_CUT}\\u0041"}}', "before another escape"),
            _raw("Cut", '{"s":"\\uD83D"}', "in upper case"),
            _raw("Cut", '{"s":"\\\\ud83d"}', "an escaped backslash before the letters"),
            _raw("Cut", f'{{"s":"\\\\{_CUT}"}}', "after an escaped backslash"),
            _raw("Cut", f'{{"o":{{"k":["{_CUT}"]}}}}', "deep inside"),
            _raw("Cut", f'{{"f":{{"__op":"AddUnique","objects":["{_CUT}"]}}}}', "in an operation"),
            _raw("Cut", f'{{"s":"{_CUT}}}', "in JSON that is broken"),
            get('/classes/Cut?where={"s":"%EF%BF%BD"}', name="found by what is stored"),
            get('/classes/Cut?where={"s":"\\ud83d"}', name="sought as it was sent"),
            find("Cut", order="createdAt"),
        ],
    ),
    _clients(
        "C2 compressed bodies",
        [
            _packed("gzip", gzip.compress(ENCODED, mtime=0), "gzip"),
            _packed("GZIP", gzip.compress(ENCODED, mtime=0), "gzip in upper case"),
            _packed("deflate", zlib.compress(ENCODED), "deflate"),
            _packed("deflate", _deflated_bare(ENCODED), "deflate without its frame"),
            _packed("identity", ENCODED, "identity"),
            _packed("gzip", gzip.compress(b"", mtime=0), "gzip of nothing"),
            _packed("gzip", b"", "no body at all"),
            _packed("gzip", gzip.compress(ENCODED, mtime=0)[:-12], "a gzip that is cut"),
            _packed("gzip", ENCODED, "plain text under the name of gzip"),
            _packed("zstd", ENCODED, "a coding that nobody knows"),
            _packed("gzip, gzip", gzip.compress(gzip.compress(ENCODED, mtime=0), mtime=0), "twice"),
            _packed(
                "gzip",
                gzip.compress(ENCODED[:9], mtime=0) + gzip.compress(ENCODED[9:], mtime=0),
                "two archives",
            ),
            _packed("gzip", gzip.compress(ENCODED, mtime=0) + b"more", "something behind"),
            find("Packed", order="createdAt"),
        ],
    ),
    _clients(
        "C3 empty arrays of PHP in schemas",
        [
            _php(
                "/schemas/PhpAll",
                '{"className":"PhpAll","fields":[],"indexes":[],"classLevelPermissions":[]}',
                "a class of empty arrays",
            ),
            _php("/schemas/PhpFields", '{"className":"PhpFields","fields":[]}', "fields"),
            _php("/schemas/PhpIndexes", '{"className":"PhpIndexes","indexes":[]}', "indexes"),
            _php(
                "/schemas/PhpRights",
                '{"className":"PhpRights","classLevelPermissions":[]}',
                "permissions",
            ),
            _php("/schemas/PhpFields", '{"fields":[]}', "change of fields", "PUT"),
            _php("/schemas/PhpFields", '{"indexes":[]}', "change of indexes", "PUT"),
            _php(
                "/schemas/PhpFields", '{"classLevelPermissions":[]}', "change of permissions", "PUT"
            ),
            get("/schemas/PhpFields", who="master"),
            get("/schemas/PhpRights", who="master"),
            get("/schemas/PhpAll", who="master"),
        ],
    ),
    _clients(
        "C4 spellings of queries",
        [
            create("Spelled", {"n": 1, "s": "1"}, save="a"),
            find("Spelled", {"n": 1}, keys="n", name="a pause"),
            create("Spelled", {"n": 2, "s": "abc"}, save="b"),
            find("Spelled", {"n": 2}, keys="n", name="another pause"),
            create("Spelled", {"n": 3, "d": {"__type": "Date", "iso": "2001-01-01T00:00:00.000Z"}}),
            find("Spelled", order="_created_at", keys="n"),
            find("Spelled", order="-_created_at", keys="n"),
            find("Spelled", order="_updated_at", keys="n"),
            find("Spelled", order="-_updated_at", keys="n"),
            find("Spelled", order="createdAt", keys="n"),
            find("Spelled", order="_id", keys="n", name="order by _id"),
            *[
                find("Spelled", {"d": {"$lt": _relative(text)}}, keys="n", name=f"in {text!r}")
                for text in (
                    "in 3 d",
                    "3 d ago",
                    "in 1 day 2 hrs",
                    "now",
                    "in 3d",
                    "in 1 wk",
                    "2 years ago",
                    "in 5 min",
                    "in 5 parsecs",
                    "in",
                    "IN 3 D",
                    "in 3 d ago",
                    "3 d",
                    "in -3 days",
                    "in 1.5 days",
                    "",
                )
            ],
            *[
                find(
                    "Spelled",
                    {field: {operator: _relative("3 days ago")}},
                    keys="n",
                    name=f"{operator} of {field}",
                )
                for field in ("nosuch", "n", "createdAt", "s")
                for operator in ("$lt", "$gt", "$gte", "$exists", "$ne", "$eq")
            ],
            get("/classes/Spelled?where[s]=abc", name="brackets"),
            get("/classes/Spelled?where[n]=2", name="brackets with a number"),
            get("/classes/Spelled?where[n][$gt]=1", name="brackets with an operator"),
            get("/classes/Spelled?where[s]=abc&where[n]=2", name="two brackets"),
            get("/classes/Spelled?where%5Bs%5D=abc", name="brackets percent-encoded"),
            get("/classes/Spelled?where[]=abc", name="empty brackets"),
            get("/classes/Spelled?where[s][$in][]=abc&where[s][$in][]=1", name="brackets of $in"),
            get("/classes/Spelled?keys[]=n&keys[]=s", name="keys in brackets"),
            get("/classes/Spelled?keys[0]=n", name="numbered keys"),
        ],
    ),
    _clients(
        "C4 relations of an object without an id",
        [
            create("Shelf", {"n": 1}, save="shelf"),
            create("Book", {"n": 1}, save="book"),
            put(
                "/classes/Shelf/{shelf}",
                {"books": op("AddRelation", objects=[pointer("Book", "{book}")])},
            ),
            find(
                "Book",
                {"$relatedTo": {"object": {"__type": "Pointer", "className": "Shelf"}, "key": "b"}},
                name="no id",
            ),
            find(
                "Book",
                {
                    "$relatedTo": {
                        "object": {"__type": "Pointer", "className": "Shelf", "objectId": None},
                        "key": "books",
                    }
                },
                name="null as id",
            ),
            find(
                "Book",
                {
                    "$relatedTo": {
                        "object": {"__type": "Pointer", "className": "Shelf", "objectId": ""},
                        "key": "books",
                    }
                },
                name="an empty id",
            ),
            find(
                "Book",
                {
                    "$relatedTo": {
                        "object": {"__type": "Pointer", "className": "Shelf"},
                        "key": "books",
                    }
                },
                count=1,
                limit=0,
                name="no id, counted",
            ),
            find("Book", {"$relatedTo": {"object": _RELATED, "key": "books"}}, name="unknown id"),
        ],
    ),
    _clients(
        "C6 queries of native libraries",
        [
            create("Asked", {"n": 1}, save="asked"),
            create("Asking", {"p": pointer("Asked", "{asked}")}),
            find("Asking", {"p": {"$inQuery": {"className": "Asked"}}}, name="$inQuery alone"),
            find("Asking", {"p": {"$notInQuery": {"className": "Asked"}}}, name="$notInQuery"),
            find(
                "Asking", {"p": {"$inQuery": {"className": "Asked", "where": 1}}}, name="a number"
            ),
            find("Asking", trace="0", name="trace"),
        ],
    ),
    _clients(
        "C6 deletion by address",
        [
            post("/files/one.txt", "1", who="master", save={"a": "$.name"}, name="upload"),
            post("/files/two.txt", "2", who="master", save={"b": "$.name"}, name="another"),
            delete("/files/{a}", who="master", name="by its name"),
            delete("/files/shop/{b}", who="master", name="by the path of its address"),
            delete("/files/shop/nosuch.txt", who="master", name="one that is not there"),
            delete("/files/other/{b}", who="master", name="of another application"),
        ],
    ),
]
