"""``Fields``: what an object holds and what is changed in it, without the calls that store it."""

import copy
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self

from parsepy.cloud import ops
from parsepy.cloud.codec import CLASSES, PLAIN, Storable, decode, encode
from parsepy.cloud.names import field_hint, hint_of
from parsepy.cloud.values import ACL, from_datetime, from_decimal, to_datetime
from parsepy.errors import Code, ParseError
from parsepy.model import values as rest
from parsepy.model.values import JSONObject

_STAMPS = ("createdAt", "updatedAt")
_NO_VALUE: Any = object()
_AS_RAW = object()
"""Of a value that was handed out: it was as it had been decoded."""
OWN = ("objectId", "className", "__type", *_STAMPS)
"""The server's own members of an object: no change names them."""


class Unread(tuple[Any]):
    """A value in REST form, its only member, which is decoded when somebody looks at it."""

    __slots__ = ()


class Fields(Storable):
    """The id, times and fields of an object, as stored and with the changes that are pending."""

    # so that `order.total = 5`, which would set no field, is refused
    __slots__ = (
        "__weakref__",
        "_created",
        "_is_unstored",
        "_lent",
        "_pending",
        "_raw",
        "_relations",
        "_stored",
        "_updated",
        "_values",
        "_was_created",
        "class_name",
        "id",
        "is_data_available",
    )
    _own_class: ClassVar[str | None] = None

    def __init__(
        self,
        class_name: str | None = None,
        values: Mapping[str, Any] | None = None,
        /,
        **fields: Any,
    ) -> None:
        name = class_name or self._own_class
        if not name:
            raise TypeError('Object needs the name of its class: Object("Game")')
        self._begin(name)
        for key, value in {**(values or {}), **fields}.items():
            self.set(key, value)

    def _begin(self, class_name: str) -> None:
        """Be a new object without fields."""
        self.class_name = class_name
        self.id: str | None = None
        self._created: datetime | str | None = None
        self._updated: datetime | str | None = None
        self._stored: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._pending: dict[str, ops.Op] = {}
        self._lent: dict[str, Any] = {}
        self._raw: JSONObject = {}  # what the containers among the values were decoded from
        self._relations: dict[str, JSONObject] = {}  # only shown: their members stand elsewhere
        self._was_created = False  # by the last save
        self._is_unstored = False  # new, though it has an id, which its client has chosen
        self.is_data_available = True  # False for a mere pointer, which needs `fetch`

    if not TYPE_CHECKING:  # a type checker is to see that there is no such name

        def __getattr__(self, name: str) -> Any:
            """Refuse a name as Python does; say what it is called, or how a field is read."""
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            if name[:1] != "_":
                text += hint_of(name, dir(type(self)), likeness=1) or field_hint(name)
            raise AttributeError(text, name=name, obj=self)

    # --- reading ------------------------------------------------------------------------------

    @property
    def created_at(self) -> datetime | None:
        """When the object was stored first."""
        if isinstance(self._created, str):  # as it came: most are never looked at
            self._created = to_datetime(self._created)
        return self._created

    @created_at.setter
    def created_at(self, moment: datetime | None) -> None:
        self._created = moment

    @property
    def updated_at(self) -> datetime | None:
        """When the object was stored last."""
        if isinstance(self._updated, str):
            self._updated = to_datetime(self._updated)
        return self._updated

    @updated_at.setter
    def updated_at(self, moment: datetime | None) -> None:
        self._updated = moment

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a field as it will be when saved; ``default`` if there is none."""
        match key:
            case "objectId":
                return self.id
            case "createdAt":
                return self.created_at
            case "updatedAt":
                return self.updated_at
        value = self._values.get(key, default)
        if type(value) in PLAIN:
            return value
        if type(value) is Unread:
            value = self._read(key, value)
        if isinstance(value, list | dict | ACL) and key not in self._lent:
            # whoever gets it may change it in place
            self._lent[key] = _AS_RAW if key in self._raw else encode(value)
            if self._stored.get(key) is value:
                self._stored[key] = _copied(value)
        return value

    def _read(self, key: str, unread: Unread) -> Any:
        value = self._values[key] = _decoded(key, unread[0])
        if self._stored.get(key) is unread:
            self._stored[key] = value
        return value

    def _read_all(self) -> None:
        """Decode what nobody has looked at yet."""
        for key, value in self._values.items():
            if type(value) is Unread:
                self._read(key, value)
        for key, value in self._stored.items():
            if type(value) is Unread:
                self._stored[key] = _decoded(key, value[0])

    def __getitem__(self, key: str) -> Any:
        if key not in self._values and key not in ("objectId", *_STAMPS):
            raise KeyError(f"this {self.class_name} has no {key}")
        return self.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __contains__(self, key: object) -> bool:
        return self._values.get(str(key)) is not None

    has = __contains__

    def keys(self) -> list[str]:
        """The names of the fields that have a value."""
        return [key for key in self._values if key != "ACL"]

    @property
    def acl(self) -> ACL | None:
        """Who may read and write this object; ``None`` where it has no ACL (anybody may)."""
        found: ACL | None = self.get("ACL")
        return found

    @acl.setter
    def acl(self, value: ACL | None) -> None:
        self.set("ACL", value)

    def get_acl(self) -> ACL | None:
        """The same as ``acl``."""
        return self.acl

    def set_acl(self, acl: ACL | None) -> Self:
        """Choose who may read and write this object; the object itself, for chaining."""
        return self.set("ACL", acl)

    @property
    def acl_name(self) -> str | None:
        """What stands for this object in an ACL: the id."""
        return self.id

    @property
    def is_new(self) -> bool:
        """Is the object not stored yet? (One whose client has chosen the id has one already.)"""
        return self.id is None or self._is_unstored

    @property
    def existed(self) -> bool:
        """Was the object stored before its last save, or before the one that a hook is about?

        ``after_save`` asks so whether the object was created or changed.
        """
        return not (self.is_new or self._was_created)

    def to_pointer(self) -> JSONObject:
        """The Pointer that stands for this object; raises MISSING_OBJECT_ID for a new one."""
        if self.id is None:
            raise ParseError(
                Code.MISSING_OBJECT_ID, f"A new {self.class_name} must be saved before it is used."
            )
        return rest.pointer(self.class_name, self.id)

    def to_json(self, *, whole: bool = True) -> JSONObject:
        """Every field in Parse's JSON; objects in fields whole where their data are here.

        Without ``whole`` they are pointers.
        """
        self._read_all()
        values = {
            key: value if type(value) in PLAIN else encode(value, whole=whole)
            for key, value in self._values.items()
            if value is not None or (key in self._stored and not self._is_unset(key))
        }
        values |= self._relations
        if self.id is not None:
            values["objectId"] = self.id
        for key, moment in (("createdAt", self._created), ("updatedAt", self._updated)):
            if moment is not None:
                values[key] = moment if isinstance(moment, str) else from_datetime(moment)["iso"]
        return values

    # --- changing -----------------------------------------------------------------------------

    def set(self, key: str | Mapping[str, Any], value: Any = _NO_VALUE) -> Self:
        """Give a field a value (or several, from a mapping); the object itself, for chaining.

        ``None`` is stored as null; ``unset`` removes. A dotted key changes the inside of an
        object field.
        """
        if not isinstance(key, str):
            for name, item in key.items():
                self.set(name, item)
            return self
        if value is _NO_VALUE:
            raise TypeError(f'set("{key}") lacks a value; unset("{key}") removes the field')
        if key == "ACL" and isinstance(value, Mapping):
            value = ACL(value)
        if key == "ACL" and value is None:
            raise ValueError("an ACL is replaced, not removed; ACL() is for the master key alone")
        if "." in key or key in OWN:
            return self._change(key, ops.Set(value))
        self._values[key] = value
        self._pending[key] = ops.Set(value)
        self._raw.pop(key, None)
        self._forget_inside(key)
        return self

    def increment(self, key: str, amount: int | float | Decimal = 1) -> Self:
        """Add ``amount`` to a number, atomically in the database."""
        if isinstance(amount, Decimal):
            amount = from_decimal(amount)
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise TypeError("increment takes a number")
        return self._change(key, ops.Increment(amount))

    def decrement(self, key: str, amount: int | float = 1) -> Self:
        """Take ``amount`` from a number, atomically in the database."""
        return self.increment(key, -amount)

    def add(self, key: str, item: Any) -> Self:
        """Append to an array."""
        return self.add_all(key, [item])

    def add_all(self, key: str, items: Iterable[Any]) -> Self:
        """Append several to an array."""
        return self._change(key, ops.Add(tuple(items)))

    def add_unique(self, key: str, item: Any) -> Self:
        """Append to an array what is not in it yet."""
        return self.add_all_unique(key, [item])

    def add_all_unique(self, key: str, items: Iterable[Any]) -> Self:
        """Append to an array those that are not in it yet."""
        return self._change(key, ops.AddUnique(tuple(items)))

    def remove(self, key: str, item: Any) -> Self:
        """Take every occurrence of an item out of an array."""
        return self.remove_all(key, [item])

    def remove_all(self, key: str, items: Iterable[Any]) -> Self:
        """Take every occurrence of these items out of an array."""
        return self._change(key, ops.Remove(tuple(items)))

    def _is_unset(self, key: str) -> bool:
        return isinstance(self._pending.get(key), ops.Unset)

    def unset(self, key: str) -> Self:
        """Remove a field."""
        return self._change(key, ops.Unset())

    def _change(self, key: str, op: ops.Op) -> Self:
        if key in OWN:
            raise ValueError(f"{key} is the server's to set")
        self._read_all()
        root = key.partition(".")[0]
        if root != key and isinstance(self._pending.get(root), ops.Set):
            # the whole field is new: the change goes into it
            self._place(key, op)
            self._pending[root] = ops.Set(self._values[root])
            return self
        if self._lent:
            self._settle(root)
        self._raw.pop(root, None)
        before, base = self._op(key), self._inside(key, stored=True)
        if isinstance(op, ops.Relate):
            self._show_relation(key, op)
        else:
            self._place(key, op)
        self._pending[key] = ops.merge(before, op, base, _identity)
        if isinstance(op, ops.Set | ops.Unset):
            self._forget_inside(key)
        self._lent.pop(root, None)
        return self

    def _op(self, key: str) -> ops.Op | None:
        """The pending change of a field."""
        op = self._pending.get(key)
        if op is ops.SENT:
            value = self._values[key]
            return ops.Set(self._read(key, value) if type(value) is Unread else value)
        return op

    def _forget_inside(self, key: str) -> None:
        """A field that is set or unset as a whole: no change of its inside is left."""
        inside = key + "."
        if "." in "".join(self._pending):  # cheaper than to ask each
            for name in [name for name in self._pending if name.startswith(inside)]:
                del self._pending[name]
        self._lent.pop(key, None)

    def _show_relation(self, key: str, op: ops.Relate) -> None:
        members = [item for item in (*op.added, *op.removed) if isinstance(item, Storable)]
        if members and key not in self._relations:
            shown: JSONObject = {"__type": "Relation", "className": members[0].class_name}
            self._relations[key] = shown

    def _take(self, key: str, op: ops.Op) -> None:
        """Take over a change that a client sends, of which there is one for each field."""
        if isinstance(op, ops.Set) and "." not in key:
            self._values[key] = op.value
            self._pending[key] = op
            return
        try:
            self._change(key, op)
        except TypeError:  # of the wrong kind for the field: the types refuse it later
            self._pending[key] = op

    def _inside(self, key: str, *, stored: bool = False) -> Any:
        value: Any = self._stored if stored else self._values
        for part in key.split("."):
            if isinstance(value, list):
                known = rest.is_position(part) and int(part) < len(value)
                value = value[int(part)] if known else None
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def _place(self, key: str, op: ops.Op) -> None:
        """Change what lies at a dotted key; what lies around it is copied, not changed."""

        def change(value: Any) -> Any:
            made = ops.apply(op, value, _identity)
            return rest.GONE if isinstance(op, ops.Unset) else made

        root, dot, path = key.partition(".")
        if dot:
            inside = rest.placed(self._values.get(root, rest.GONE), path.split("."), change)
            if inside is not rest.GONE:
                self._values[root] = inside
        else:
            self._values[root] = ops.apply(op, self._values.get(root), _identity)

    def _settle(self, only: str | None = None) -> None:
        """Notice values that were handed out and changed in place."""
        for key in [only] if only is not None else list(self._lent):
            if key in self._lent and key in self._values:
                now, before = encode(self._values[key]), self._lent[key]
                if before is _AS_RAW:
                    raw = self._raw[key]
                    # most come out as they went in; of some, only decoding once more tells
                    before = now if now == raw else encode(_decoded(key, raw))
                if now != before:
                    self._pending[key] = ops.Set(self._values[key])
                    self._lent[key] = now

    def dirty(self, key: str | None = None) -> bool:
        """Is a field (or any) changed and not saved?"""
        if key is None or key in self._lent or key not in self._pending:
            return bool(self.dirty_keys()) if key is None else key in self.dirty_keys()
        return True

    def dirty_keys(self) -> list[str]:
        """The fields that are changed and not saved."""
        if self._lent:
            self._settle()
        return list(dict.fromkeys(key.partition(".")[0] for key in self._pending))

    def op(self, key: str) -> Any:
        """The pending change of a field as a request would write it; ``None`` if there is none."""
        if self._lent:
            self._settle(key)
        op = self._op(key)
        return None if op is None else ops.to_rest(op, encode)

    def revert(self, *keys: str) -> Self:
        """Forget the pending changes of these fields, or all."""
        self._read_all()
        if self._lent:
            self._settle()
        for key in keys or list(self._pending):
            self._pending.pop(key, None)
            root = key.partition(".")[0]
            self._lent.pop(root, None)
            self._raw.pop(root, None)
            if root in self._stored:
                self._values[root] = self._stored[root]
            else:
                self._values.pop(root, None)
        return self

    def changes(
        self, given: Mapping[str, ops.Op] | None = None, sent: JSONObject | None = None
    ) -> JSONObject:
        """The pending changes as a request's body: plain values and ``__op`` operations.

        Those that are ``given`` still stand as they were ``sent``, to the letter.
        """
        if self._lent:
            self._settle()
        found: JSONObject = {}
        for key, op in self._pending.items():
            if given is not None and sent is not None and given.get(key) is op:
                found[key] = sent[key]
                continue
            if op is ops.SENT:
                op = self._op(key) or op
            if isinstance(op, ops.Set):
                found[key] = op.value if type(op.value) in PLAIN else encode(op.value)
            else:
                found[key] = ops.to_rest(op, encode)
        return found

    def load(self, item: JSONObject) -> Self:
        """Take over an object in REST form as the stored state; pending changes are dropped."""
        self.id = item.get("objectId", self.id)
        if isinstance(created := item.get("createdAt"), str):
            self._created = created
        if isinstance(updated := item.get("updatedAt"), str):
            self._updated = updated
        values: dict[str, Any] = {}
        relations: dict[str, JSONObject] = {}
        raw: JSONObject = {}
        for key, value in item.items():
            if key in OWN:
                continue
            if type(value) in PLAIN:
                values[key] = value
            elif isinstance(value, dict) and value.get("__type") == "Relation":
                relations[key] = dict(value)
            else:
                raw[key] = value
                values[key] = Unread((value,))
        self._values, self._relations, self._raw = values, relations, raw
        self._stored = dict(values)
        self._pending.clear()
        self._lent.clear()
        self.is_data_available = True
        return self

    def _copy(self) -> Self:
        """An object of the same state, whose fields and changes are its own from now on."""
        kind = type(self)
        if kind is CLASSES[None]:  # as `copy` does, in a sixth of the time
            other = kind.__new__(kind)
            for name in _STATE:
                setattr(other, name, getattr(self, name))
        else:
            other = copy.copy(self)
        other._stored, other._values = dict(self._stored), dict(self._values)
        other._pending, other._lent = dict(self._pending), dict(self._lent)
        other._relations, other._raw = dict(self._relations), dict(self._raw)
        return other

    # --- identity -----------------------------------------------------------------------------

    def same_as(self, other: object) -> bool:
        """Do both stand for the same stored object?"""
        if not isinstance(other, Fields) or self.id is None:
            return self is other
        return (self.class_name, self.id) == (other.class_name, other.id)

    def __eq__(self, other: object) -> bool:
        return self.same_as(other)

    def __hash__(self) -> int:
        return hash((self.class_name, self.id)) if self.id is not None else id(self)

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.id or 'new'}>"


_STATE = tuple(name for name in Fields.__slots__ if name != "__weakref__")


def _decoded(key: str, value: Any) -> Any:
    """A field in REST form as a friendly value."""
    return ACL(value) if key == "ACL" and isinstance(value, dict) else decode(value)


def _copied(value: Any) -> Any:
    """The same values in containers of their own."""
    match value:
        case list():
            return [_copied(item) for item in value]
        case dict():
            return {key: _copied(item) for key, item in value.items()}
        case ACL():
            return value.copy()
    return value


def _identity(value: Any) -> Any:
    """What tells two elements of an array apart: an object's id, else its form on the wire."""
    if isinstance(value, Storable) and value.id is not None:
        return ("Pointer", value.class_name, value.id)
    return encode(value)
