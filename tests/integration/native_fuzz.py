"""Mutated replies to a reader that was built with sanitizers: they end the process at a slip.

`python native_fuzz.py EXTENSION SECONDS SEED` prints how many calls there were, and of how many the
answer was ``None``.
"""

import importlib.util
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import bson
from bson import Decimal128, Int64, ObjectId

from parsepy.model.schema import Field, make_schema
from parsepy.model.selection import ValueKind
from parsepy.model.values import PLAIN_TYPES, FieldType
from parsepy.storage import native
from parsepy.storage.documents import file_url_of, plan_of

POINTER, RELATION = FieldType("Pointer", "_User"), FieldType("Relation", "Tag")
COLUMNS = {f"a{name}": Field(kind) for name, kind in PLAIN_TYPES.items()}
KEYS = [*COLUMNS, "_p_owner", "_rperm", "_wperm", "_created_at", "_id", "other", "_auth_data_x"]
SELECTED: Any = (
    (ValueKind.CONSTANT, "", b'"__typename":"Product"', False, None),
    (ValueKind.TEXT, "objectId", b'"a":', True, None),
    (ValueKind.GLOBAL_ID, "objectId", b'"id":', True, b"Product:"),
    (ValueKind.TEXT, "aString", b'"b":', False, None),
    (ValueKind.NUMBER, "aNumber", b'"c":', False, None),
    (ValueKind.TRUTH, "aBoolean", b'"d":', False, None),
    (ValueKind.DATE, "aDate", b'"e":', False, None),
    (ValueKind.DATE, "createdAt", b'"f":', False, None),
    (ValueKind.OBJECT, "owner", b'"g":', False, {"abc": b'{"x":1}'}),
)
LENGTHS = (b"\0\0\0\0", b"\5\0\0\0", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80")
BYTES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 18, 0x7F, 0x80, 0xED, 0xFF)


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any value that a column may hold."""
    plain: list[Callable[[], Any]] = [
        lambda: None,
        lambda: True,
        lambda: "x" * chance.randrange(9),
        lambda: 'é😀\n"\\\x01',
        lambda: chance.randrange(-(2**63), 2**63),
        lambda: chance.random() * 10.0 ** chance.randint(-20, 30),
        lambda: datetime(2024, 1, 2, 3),
        lambda: b"ab\0c",
        lambda: ObjectId("0123456789ab0123456789ab"),
        lambda: "_User$abc",
        lambda: Decimal128("1"),
        lambda: float("nan"),
    ]
    outer: list[Callable[[], Any]] = [
        lambda: [value(chance, depth + 1) for _ in range(chance.randrange(4))],
        lambda: {f"k{n}": value(chance, depth + 1) for n in range(chance.randrange(4))},
        lambda: [1.5, 2],
        lambda: {"__type": "Date", "iso": value(chance, depth + 1)},
    ]
    made: Any = chance.choice(plain + outer if depth < 3 else plain)()
    return made


def reply(chance: random.Random) -> bytes:
    """A reply of MongoDB with up to three documents."""
    rows = []
    for _ in range(chance.randrange(4)):
        row = {key: value(chance) for key in chance.sample(KEYS, chance.randrange(len(KEYS)))}
        rows.append(row | {"_rperm": ["*", "a"], "_wperm": ["a"]} if chance.random() < 0.8 else row)
    cursor = {"firstBatch": rows, "id": Int64(0), "ns": "a.b"}
    return bson.encode({"cursor": cursor, "ok": 1.0})


def mutations(chance: random.Random, good: bytes) -> Iterator[bytes]:
    """A reply with single bytes, lengths or parts of it changed."""
    for _ in range(40):
        changed = bytearray(good)
        for _ in range(chance.randrange(4)):
            at, way = chance.randrange(len(changed) or 1), chance.random()
            if way < 0.5:
                changed[at : at + 1] = bytes([chance.choice((*BYTES, chance.randrange(256)))])
            elif way < 0.65:
                changed[at : at + 4] = chance.choice(LENGTHS)
            elif way < 0.8:
                del changed[at : at + chance.randrange(9)]
            elif way < 0.9:
                changed[at:at] = chance.randbytes(chance.randrange(9))
        yield bytes(changed)


def main(path: str, seconds: float, seed: int) -> None:
    """Read mutated replies for so long."""
    spec = importlib.util.spec_from_file_location("parsepy.storage.native._reader", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    native._built = module.Reader
    fields = {**COLUMNS, "owner": Field(POINTER), "tags": Field(RELATION)}
    plan = plan_of(make_schema("Product", fields), file_url_of("http://shop/parse", "shop"))
    reader, chance = plan.native, random.Random(seed)
    assert isinstance(reader, module.Reader)
    calls = left = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for changed in mutations(chance, reply(chance)):
            for read in (
                reader.objects,
                reader.json,
                reader.object,
                lambda changed: reader.pointers(changed, "owner"),
                lambda changed: reader.json_with(changed, {"owner": {"abc": b'{"x":1}'}}),
                lambda changed: reader.json_by_id(changed, b',"x":1', {"owner": {"abc": b"{}"}}),
                lambda changed: reader.selected(changed, SELECTED, b'{"node":', b"}"),
                lambda changed: reader.selected_by_id(changed, SELECTED[:3]),
                module.split,
            ):
                left += read(changed) is None
                calls += 1
    print(calls, left)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
