"""Documents that other programs wrote: what each type of column shows of what is there."""

from typing import Any

from tests.differential.scenario import Scenario, Step, create, date, find, get, pointer, put, store

COLUMNS: dict[str, Any] = {
    "s": "text",
    "n": 1,
    "yes": True,
    "d": date("2020-01-02T00:00:00.000Z"),
    "o": {"a": 1},
    "l": [1],
    "g": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
    "f": {"__type": "File", "name": "a.png", "url": "http://x.test/a.png"},
    "b": {"__type": "Bytes", "base64": "AGN1cA=="},
    "y": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]},
    "p": pointer("Score", "A"),
}
"""A column of every type."""

MOMENT = {"$date": "2021-03-04T05:06:07.089Z"}
RAW: dict[str, Any] = {
    "text": "hello",
    "empty text": "",
    "ISO text": "2021-03-04T05:06:07.089Z",
    "a number": 7,
    "a double": 7.5,
    "milliseconds": 1614834367089.0,
    "int64": {"$numberLong": "7"},
    "int64 beyond 2^53": {"$numberLong": "9007199254740993"},
    "a decimal": {"$numberDecimal": "7.5"},
    "true": True,
    "null": None,
    "a date": MOMENT,
    "a date of 0033": {"$date": {"$numberLong": "-61120000000000"}},
    "a REST date": date("2021-03-04T05:06:07.089Z"),
    "a REST date of a date": {"__type": "Date", "iso": MOMENT},
    "a REST pointer": pointer("Score", "B"),
    "a REST point": {"__type": "GeoPoint", "latitude": 3, "longitude": 4},
    "a REST file": {"__type": "File", "name": "b.png", "url": "http://x.test/b.png"},
    "REST bytes": {"__type": "Bytes", "base64": "AAEC"},
    "binary": {"$binary": {"base64": "AAEC", "subType": "00"}},
    "an id": {"$oid": "507f1f77bcf86cd799439011"},
    "an array": [1, {"$numberLong": "1099511627776"}, MOMENT],
    "two numbers": [4, 3],
    "three numbers": [4, 3, 2],
    "an object": {"a": {"$numberLong": "5"}, "b": MOMENT},
    "GeoJSON": {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
    "a GeoJSON point": {"type": "Point", "coordinates": [4, 3]},
    "pointer text": "Score$B",
}
"""What may lie in a column."""


def read(name: str, raw: Any) -> Scenario:
    """A4, K10: one kind of value in a column of each type, read by itself."""
    class_name = "Raw" + "".join(part.title() for part in name.split() if part.isalnum())
    class_name = {"int64 beyond 2^53": "RawHuge", "a date of 0033": "RawFar"}.get(name, class_name)
    steps: list[Step] = [create(class_name, COLUMNS, name="which makes the columns")]
    for column in COLUMNS:
        key = f"_p_{column}" if column == "p" else column
        object_id = f"{class_name}_{column}"
        steps += [
            store(class_name, {"_id": object_id, key: raw}, name=f"stored in {column}"),
            get(f"/classes/{class_name}/{object_id}", name=f"read in {column}"),
        ]
    return Scenario(f"A4 {name} in every column", steps, configuration="values")


IDS: dict[str, Any] = {
    "a number": 42,
    "a double": 4.5,
    "int64": {"$numberLong": "9007199254740993"},
    "an ObjectId": {"$oid": "507f1f77bcf86cd799439011"},
    "a text of digits": "43",
}
STAMPS: dict[str, Any] = {
    "ISO text": "2021-03-04T05:06:07.089Z",
    "milliseconds": 1614834367089.0,
    "int64": {"$numberLong": "1614834367089"},
}
SCENARIOS = [
    *(read(name, raw) for name, raw in RAW.items()),
    Scenario(
        "A4 ids that are no texts",
        [
            create("Numbered", {"n": 0}),
            *(store("Numbered", {"_id": raw, "n": 1}, name=name) for name, raw in IDS.items()),
            find("Numbered", {"n": 1}, order="objectId", name="all of them"),
            find("Numbered", {"n": 1}, keys="objectId", order="objectId", name="their ids"),
            get("/classes/Numbered/43"),
            get("/classes/Numbered/42", name="by the text of a number"),
            find("Numbered", {"objectId": 42}, name="by the number"),
            find("Numbered", {"objectId": {"$in": [42, "43"]}}, name="by both"),
            put("/classes/Numbered/42", {"n": 2}, name="an update by the text"),
        ],
        configuration="values",
    ),
    Scenario(
        "A4 times of objects that are no dates",
        [
            create("Stamped", {"n": 0}),
            *(
                store(
                    "Stamped",
                    {"_id": name, "_created_at": raw, "_updated_at": raw, "n": 1},
                    name=name,
                )
                for name, raw in STAMPS.items()
            ),
            find("Stamped", {"n": 1}, order="objectId", name="all of them"),
        ],
        configuration="values",
    ),
]
