"""What parsepy deliberately writes otherwise than Parse Server: the whole list, with reasons."""

from collections.abc import Mapping
from typing import Any

# Indexes that parsepy makes beyond Parse Server's, by collection. Parse Server looks sessions and
# relations up without an index (parse-server#8290), and indexes only the polygons that are added
# to a class, not those that it is made with. None is unique, so that a database can go back.
_OF_ROWS = ("owningId_1", "relatedId_1")
OWN_INDEXES: Mapping[str, tuple[str, ...]] = {
    "_Session": ("_session_token_1", "_p_user_1"),
    "Place": ("area_2dsphere",),
    "_Join:users:_Role": _OF_ROWS,
    "_Join:roles:_Role": _OF_ROWS,
    "_Join:fans:Learned": _OF_ROWS,
    "_Join:goods:Place": _OF_ROWS,
    "_Join:history:Order": _OF_ROWS,
    "_Join:similar:Product": _OF_ROWS,
}

_MARKET = ("Place", "string <id of market>")
_ZERO = ("int32 0", "double -0.0", "both answer 0, and the two compare as equal")
# Where: collection, document, path. Then what parsepy writes, what Parse Server, and why.
OTHER_VALUES: Mapping[tuple[str, ...], tuple[Any, Any, str]] = {
    ("Figures", "string <id of numbers>", "negative_zero"): _ZERO,
    (*_MARKET, "things", "numbers", "negative_zero"): _ZERO,
    (*_MARKET, "list", "13", "negative_zero"): _ZERO,
    ("Learned", "string <id of mixed>", "options", "when"): (
        "date 2024-07-01T10:00:00.000+00:00",
        {"__type": "string Date", "iso": "string 2024-07-01T12:00:00.000+02:00"},
        "a date set by a dotted key is stored as every other date, so that queries find it",
    ),
}
# Documents that only Parse Server keeps, and why parsepy does not.
ONLY_THEIRS: Mapping[tuple[str, str], str] = {
    ("_Session", "string <token of zoe>"): "whoever closes an account leaves no session behind",
}
# Reads of Parse Server's database that parsepy answers otherwise, and why.
OTHER_ANSWERS: Mapping[str, str] = {
    "session of zoe": "Parse Server still shows the session of a deleted user; parsepy refuses it",
}
# bcrypt has several names for one algorithm; each server verifies both (see the log-ins).
HASH_PREFIX = {"parsepy": "2b", "Parse Server": "2y"}
# Options of an index that mean nothing to MongoDB since version 4.2.
MEANINGLESS = ("background",)
