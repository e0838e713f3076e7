"""Text searches: terms, options, scores, indexes, groups, what is refused."""

from typing import Any

from tests.differential.scenario import Scenario, Step, create, find, get, post, put, sign_up

TEAS: list[dict[str, Any]] = [
    {"title": "Green tea from Japan", "stars": 5},
    {"title": "Black tea, tea of teas: tea!", "stars": 4},
    {"title": "Coffee from Peru", "stars": 3},
    {"title": "Café crème", "stars": 2},
    {"title": "Ein grüner Tee aus Japan", "stars": 1},
    {"title": "", "stars": 0},
    {"stars": -1},
]


def teas(class_name: str) -> list[Step]:
    """Make a few objects with a title."""
    return [create(class_name, body, name=f"create {body['stars']}") for body in TEAS]


def term(text: Any, **options: Any) -> dict[str, Any]:
    """Search titles for a term, with options that lack their dollar."""
    search = {"$term": text, **{f"${name}": value for name, value in options.items()}}
    return {"title": {"$text": {"$search": search}}}


def asked(class_name: str, wheres: dict[str, Any], **options: Any) -> list[Step]:
    """Send each where clause once, by its name."""
    return [find(class_name, where, name=name, **options) for name, where in wheres.items()]


SEARCHES: dict[str, Any] = {
    "one word": term("tea"),
    "its plural": term("teas"),
    "two words, either": term("coffee green"),
    "a phrase": term('"from Japan"'),
    "a word but not another": term("tea -black"),
    "a stop word": term("from the"),
    "no such word": term("cocoa"),
    "part of a word": term("coff"),
    "capitals": term("TEA"),
    "without the accent": term("cafe creme"),
    "case sensitive": term("Tea", caseSensitive=True),
    "case sensitive, found": term("Green", caseSensitive=True),
    "not case sensitive": term("green", caseSensitive=False),
    "diacritic sensitive": term("cafe", diacriticSensitive=True),
    "diacritic sensitive, found": term("Café", diacriticSensitive=True),
    "both": term("Café", caseSensitive=True, diacriticSensitive=True),
    "German": term("grüne", language="de"),
    "German by name": term("grüner", language="german"),
    "no language": term("from", language="none"),
    "a language of nothing": term("tea", language=""),
    "a language of null": term("tea", language=None),
    "case sensitive of zero": term("tea", caseSensitive=0),
    "a term of blanks": term(" "),
    "an option that is none": term("tea", fuzzy=True),
    "and a column": {**term("tea"), "stars": {"$gt": 4}},
    "in $and": {"$and": [term("tea"), {"stars": {"$gt": 4}}]},
    "beside $or": {**term("tea"), "$or": [{"stars": 5}, {"stars": 3}]},
    "in $or with the id": {"$or": [term("tea"), {"objectId": "nosuch"}]},
}
REFUSED: dict[str, Any] = {
    "$search of text": {"title": {"$text": {"$search": "tea"}}},
    "$search of a list": {"title": {"$text": {"$search": ["tea"]}}},
    "$search of null": {"title": {"$text": {"$search": None}}},
    "$text of text": {"title": {"$text": "tea"}},
    "$text of null": {"title": {"$text": None}},
    "$text of nothing": {"title": {"$text": {}}},
    "no term": {"title": {"$text": {"$search": {"$language": "de"}}}},
    "a term of null": term(None),
    "a term of a number": term(5),
    "a term of a list": term(["tea"]),
    "an empty term": term(""),
    "a language of a number": term("tea", language=5),
    "a language that is none": term("tea", language="klingon"),
    "case sensitive of text": term("tea", caseSensitive="yes"),
    "case sensitive of 1": term("tea", caseSensitive=1),
    "diacritic sensitive of text": term("tea", diacriticSensitive="no"),
    "in $or with a column": {"$or": [term("tea"), {"stars": 5}]},
    "in $nor": {"$nor": [term("tea")]},
    "twice": {"$and": [term("tea"), term("green")]},
    "$search alone": {"title": {"$search": {"$term": "tea"}}},
    "as a column": {"$text": {"$search": "tea"}},
    "an unknown column": {"nosuch": {"$text": {"$search": {"$term": "tea"}}}},
    "a plain key beside": {"title": {"$text": {"$search": {"$term": "tea"}}, "x": 1}},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "order by score": {"order": "$score"},
    "order by -score": {"order": "-$score"},
    "order by score, then stars": {"order": "$score,-stars"},
    "order by stars, then score": {"order": "-stars,$score"},
    "order by a blank and score": {"order": " $score"},
    "keys of the score": {"keys": "$score", "order": "$score"},
    "keys of score and title": {"keys": "title,$score", "order": "$score"},
    "keys of the score only": {"keys": "$score", "order": "stars"},
    "excludeKeys": {"excludeKeys": "title", "order": "$score"},
    "limit and skip": {"order": "$score", "limit": 1, "skip": 1},
    "count": {"order": "$score", "count": 1, "limit": 1},
    "count only": {"count": 1, "limit": 0},
    "order by a score that is none": {"order": "$scores"},
    "hint": {"order": "stars", "hint": "_id_"},
    "comment": {"order": "stars", "comment": "tea"},
    "readPreference": {"order": "stars", "readPreference": "primary"},
}

SCENARIOS = [
    Scenario(
        "words in titles",
        [
            *teas("Tea"),
            *asked("Tea", SEARCHES, keys="title", order="stars"),
            *(find("Tea", term("tea"), name=name, **given) for name, given in OPTIONS.items()),
            find("Tea", {"stars": 5}, order="$score", name="order by the score of no search"),
            find("Tea", {"stars": 5}, keys="$score", name="keys of the score of no search"),
            get("/schemas/Tea", who="master", name="the schema with its index"),
            create("Tea", {"title": "Another tea"}, name="one more"),
            find("Tea", term("another"), keys="title", name="found at once"),
        ],
    ),
    Scenario(
        "searches that are refused",
        [
            *teas("Teapot"),
            find("Teapot", term("tea"), order="stars", name="a good one"),
            *asked("Teapot", REFUSED, keys="title", order="stars"),
        ],
    ),
    Scenario(
        "a text index that is there",
        [
            post(
                "/schemas/Story",
                {
                    "fields": {
                        "title": {"type": "String"},
                        "body": {"type": "String"},
                        "note": {"type": "String"},
                    },
                    "indexes": {"both": {"title": "text", "body": "text"}},
                },
                who="master",
            ),
            create("Story", {"title": "A fox", "body": "in the wood", "note": "secret"}),
            create("Story", {"title": "A wood", "body": "with a fox", "note": "open"}),
            find("Story", term("wood"), order="title", name="by either column"),
            find("Story", term("secret"), order="title", name="not by another"),
            find(
                "Story",
                {"note": {"$text": {"$search": {"$term": "fox"}}}},
                order="title",
                name="a column that is not in it",
            ),
            put(
                "/schemas/Story",
                {"indexes": {"title_text": {"title": "text"}}},
                who="master",
                name="a second one",
            ),
        ],
    ),
    Scenario(
        "texts that are hidden",
        [
            post(
                "/schemas/Journal",
                {
                    "fields": {"title": {"type": "String"}, "entry": {"type": "String"}},
                    "indexes": {"all": {"title": "text", "entry": "text"}},
                    "classLevelPermissions": {
                        "find": {"*": True},
                        "get": {"*": True},
                        "create": {"*": True},
                        "count": {"*": True},
                        "protectedFields": {"*": ["entry"]},
                    },
                },
                who="master",
            ),
            create("Journal", {"title": "Monday", "entry": "rain"}),
            sign_up("dora", "dora"),
            *(
                find(
                    "Journal",
                    {column: {"$text": {"$search": {"$term": "rain"}}}},
                    who=who,
                    name=f"{column} as {who or 'nobody'}",
                )
                for who in (None, "dora", "master")
                for column in ("entry", "title")
            ),
        ],
        configuration="detailed",
    ),
]
