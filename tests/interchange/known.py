"""What parsepy deliberately adds to a database beyond Parse Server."""

from collections.abc import Mapping

# Parse Server looks sessions and relations up without an index (parse-server#8290). These are not
# unique, so that a database can go back.
_OF_ROWS = ("owningId_1", "relatedId_1")
OWN_INDEXES: Mapping[str, tuple[str, ...]] = {
    "_Session": ("_session_token_1", "_p_user_1"),
    "_Join:users:_Role": _OF_ROWS,
    "_Join:roles:_Role": _OF_ROWS,
    "_Join:fans:Learned": _OF_ROWS,
    "_Join:goods:Place": _OF_ROWS,
    "_Join:history:Order": _OF_ROWS,
    "_Join:similar:Product": _OF_ROWS,
}
