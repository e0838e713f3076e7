"""``TRIGGERS``: the kinds of triggers, what each may do, and where it can be registered."""

from dataclasses import dataclass

from parsepy.triggers.events import (
    AroundDeleteEvent,
    AroundSaveEvent,
    ConnectEvent,
    DeleteEvent,
    Event,
    FindEvent,
    FoundEvent,
    LiveEvent,
    SavedEvent,
    SaveEvent,
    SubscribeEvent,
    UserEvent,
    WriteEvent,
)

FILE = "@File"
CONFIG = "@Config"
CONNECT = "@Connect"


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the table: a trigger's wire name, its decorator, and what it may do.

    ``event`` is the family of its events. ``of`` says for which classes it can be
    registered: a class name, or "class" for any; ``files`` and ``config`` whether it exists for
    files and for the global config as well, whose events are a ``FileEvent`` and a ``ConfigEvent``.
    """

    name: str
    decorator: str
    event: type[Event]
    of: str
    may_change: bool
    may_refuse: bool
    when: str
    files: bool = False
    config: bool = False


TRIGGERS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "beforeSave",
            "before_save",
            SaveEvent,
            "class",
            True,
            True,
            "an object, file or config is about to be stored",
            files=True,
            config=True,
        ),
        Kind(
            "afterSave",
            "after_save",
            SavedEvent,
            "class",
            True,
            False,
            "it was stored; a JSON value returned replaces the answer",
            files=True,
            config=True,
        ),
        Kind(
            "beforeDelete",
            "before_delete",
            DeleteEvent,
            "class",
            False,
            True,
            "an object or file is about to be deleted",
            files=True,
        ),
        Kind(
            "afterDelete",
            "after_delete",
            DeleteEvent,
            "class",
            False,
            False,
            "it was deleted",
            files=True,
        ),
        Kind(
            "aroundSave",
            "around_save",
            AroundSaveEvent,
            "class",
            True,
            True,
            "around all that a save is, beforeSave to afterSave (ours)",
        ),
        Kind(
            "aroundDelete",
            "around_delete",
            AroundDeleteEvent,
            "class",
            False,
            True,
            "around all that a deletion is, beforeDelete to afterDelete (ours)",
        ),
        Kind(
            "beforeFind",
            "before_find",
            FindEvent,
            "class",
            True,
            True,
            "a query is about to run; it may be rewritten or answered",
            files=True,
        ),
        Kind(
            "afterFind",
            "after_find",
            FoundEvent,
            "class",
            True,
            True,
            "objects were found; others may be answered",
            files=True,
        ),
        Kind(
            "mayWrite",
            "may_write",
            WriteEvent,
            "class",
            True,
            False,
            "a caller may not make a write; True opens this one (ours)",
        ),
        Kind(
            "beforeLogin", "before_login", UserEvent, "_User", False, True, "a password was right"
        ),
        Kind("afterLogin", "after_login", UserEvent, "_User", False, False, "a session was made"),
        Kind(
            "afterLogout",
            "after_logout",
            UserEvent,
            "_Session",
            False,
            False,
            "a session was ended",
        ),
        Kind(
            "beforePasswordResetRequest",
            "before_password_reset_request",
            UserEvent,
            "_User",
            False,
            True,
            "a mail with a reset link is about to be sent",
        ),
        Kind(
            "beforeConnect",
            "before_connect",
            ConnectEvent,
            CONNECT,
            False,
            True,
            "a Live Query client comes",
        ),
        Kind(
            "beforeSubscribe",
            "before_subscribe",
            SubscribeEvent,
            "class",
            True,
            True,
            "a Live Query client subscribes; the query may be rewritten",
        ),
        Kind(
            "afterEvent",
            "after_live_query_event",
            LiveEvent,
            "class",
            True,
            True,
            "an event is about to reach a client; it may be changed or dropped",
        ),
    )
}


_FORBIDDEN = {
    (kind, "_PushStatus"): f"_PushStatus can't have a {kind}: the server counts in it"
    for kind in ("beforeSave", "aroundSave")
}


def check_place(kind: str, class_name: str) -> None:
    """Refuse a trigger where it would never fire, or must not; raises ``ValueError``."""
    line = TRIGGERS.get(kind)
    if line is None:
        raise ValueError(f"there is no trigger {kind}")
    if (kind, class_name) in _FORBIDDEN:
        raise ValueError(_FORBIDDEN[kind, class_name])
    if line.of != "class":
        if class_name != line.of:
            raise ValueError(f"{kind} is for {line.of} only, not for {class_name}")
        return
    if class_name == "_Session":
        raise ValueError("_Session has no trigger but afterLogout")
    if (class_name == FILE and not line.files) or (class_name == CONFIG and not line.config):
        raise ValueError(f"{kind} does not exist for {class_name}")
