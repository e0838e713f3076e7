"""``Object``: a Parse object as cloud code sees it, and ``Relation``; their forms on the wire."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self

from parsepy.cloud import codec, current, ops
from parsepy.cloud.codec import Storable, decode, decode_field, encode
from parsepy.cloud.files import File
from parsepy.cloud.query import Query
from parsepy.cloud.values import ACL, from_datetime, from_decimal, to_datetime
from parsepy.errors import Code, ParseError
from parsepy.model import query as queries
from parsepy.model import values as rest
from parsepy.model import where as wheres
from parsepy.model.values import JSONObject
from parsepy.operations.delete import delete
from parsepy.operations.find import get
from parsepy.operations.save import Saved, create, update

if TYPE_CHECKING:
    from parsepy.backend import RequestContext

_STAMPS = ("createdAt", "updatedAt")
_OWN = ("objectId", "className", "__type", *_STAMPS)
_TOGETHER = 20  # saves under way at once


class Object(Storable):
    """An object of a class: fields to read and change, and the calls that store it.

    ``Object("Order", total=5)`` or ``Object("Order", {"total": 5})`` is a new one;
    ``class Order(Object, class_name="Order")`` gives a class a Python class of its own, which
    queries and triggers then use. Everything that talks to the database acts with the caller's
    rights unless ``use_master_key`` or ``session_token`` say otherwise, and raises ``ParseError``
    with Parse's code when it is refused.
    """

    _own_class: ClassVar[str | None] = None

    def __init_subclass__(cls, *, class_name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if class_name is not None:
            cls._own_class = class_name
            codec.MAKERS[class_name] = cls._bare

    def __init__(
        self,
        class_name: str | None = None,
        values: Mapping[str, Any] | None = None,
        /,
        **fields: Any,
    ) -> None:
        name = class_name or self._own_class
        if not name:
            raise TypeError('Object needs the name of its class: Object("Order")')
        self.class_name = name
        self.id: str | None = None
        self.created_at: datetime | None = None
        self.updated_at: datetime | None = None
        self._stored: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._pending: dict[str, ops.Op] = {}
        self._lent: dict[str, Any] = {}
        self._relations: dict[str, JSONObject] = {}  # only shown: their members stand elsewhere
        self.is_data_available = True  # False for a mere pointer, which needs `fetch`
        for key, value in {**(values or {}), **fields}.items():
            self.set(key, value)

    @classmethod
    def _bare(cls, class_name: str) -> Self:
        """A new object without calling an author's own ``__init__``."""
        item = cls.__new__(cls)
        Object.__init__(item, class_name)
        return item

    # --- reading ------------------------------------------------------------------------------

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
        if isinstance(value, list | dict | ACL) and key not in self._lent:
            # whoever gets it may change it in place
            self._lent[key] = encode(value)
            if self._stored.get(key) is value:
                self._stored[key] = _copied(value)
        return value

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

    @property
    def acl_name(self) -> str | None:
        """What stands for this object in an ACL: the id."""
        return self.id

    @property
    def is_new(self) -> bool:
        """Is the object not stored yet?"""
        return self.id is None

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
        values = {
            key: encode(value, whole=whole)
            for key, value in self._values.items()
            if value is not None or key in self._stored
        }
        values |= self._relations
        if self.id is not None:
            values["objectId"] = self.id
        for key, moment in (("createdAt", self.created_at), ("updatedAt", self.updated_at)):
            if moment is not None:
                values[key] = from_datetime(moment)["iso"]
        return values

    # --- changing -----------------------------------------------------------------------------

    def set(self, key: str | Mapping[str, Any], value: Any = None) -> Self:
        """Give a field a value (or several, from a mapping); the object itself, for chaining.

        ``None`` is stored as null; ``unset`` removes. A dotted key changes the inside of an
        object field.
        """
        if isinstance(key, Mapping):
            for name, item in key.items():
                self.set(name, item)
            return self
        if key == "ACL" and isinstance(value, Mapping):
            value = ACL(value)
        if key == "ACL" and value is None:
            raise ValueError("an ACL is replaced, not removed; ACL() is for the master key alone")
        return self._change(key, ops.Set(value))

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

    def unset(self, key: str) -> Self:
        """Remove a field."""
        return self._change(key, ops.Unset())

    def relation(self, key: str) -> "Relation":
        """The relation in a field: members to add, remove and query."""
        return Relation(self, key)

    def _change(self, key: str, op: ops.Op) -> Self:
        if key in _OWN:
            raise ValueError(f"{key} is the server's to set")
        root = key.partition(".")[0]
        if root != key and isinstance(self._pending.get(root), ops.Set):
            # the whole field is new: the change goes into it
            self._place(key, ops.apply(op, self._inside(key), _identity))
            self._pending[root] = ops.Set(self._values[root])
            return self
        self._settle(root)
        base = self._inside(key, stored=True)
        if isinstance(op, ops.Relate):
            self._show_relation(key, op)
        else:
            self._place(key, ops.apply(op, self._inside(key), _identity))
        self._pending[key] = ops.merge(self._pending.get(key), op, base, _identity)
        if isinstance(op, ops.Set | ops.Unset):
            for inner in [name for name in self._pending if name.startswith(key + ".")]:
                del self._pending[inner]
        self._lent.pop(root, None)
        return self

    def _show_relation(self, key: str, op: ops.Relate) -> None:
        members = [item for item in (*op.added, *op.removed) if isinstance(item, Object)]
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
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _place(self, key: str, value: Any) -> None:
        """Put a value at a dotted key; what lies around it is copied, not changed."""
        *path, last = key.split(".")
        inner = self._values
        for part in path:
            below = inner.get(part)
            inner[part] = dict(below) if isinstance(below, dict) else {}
            inner = inner[part]
        if value is None and isinstance(self._pending.get(key), ops.Unset):
            inner.pop(last, None)
        else:
            inner[last] = value

    def _settle(self, only: str | None = None) -> None:
        """Notice values that were handed out and changed in place."""
        for key in [only] if only is not None else list(self._lent):
            if key in self._lent and key in self._values:
                now = encode(self._values[key])
                if now != self._lent[key]:
                    self._pending[key] = ops.Set(self._values[key])
                    self._lent[key] = now

    def dirty(self, key: str | None = None) -> bool:
        """Is a field (or any) changed and not saved?"""
        return bool(self.dirty_keys()) if key is None else key in self.dirty_keys()

    def dirty_keys(self) -> list[str]:
        """The fields that are changed and not saved."""
        self._settle()
        return list(dict.fromkeys(key.partition(".")[0] for key in self._pending))

    def op(self, key: str) -> Any:
        """The pending change of a field as a request would write it; ``None`` if there is none."""
        self._settle(key)
        op = self._pending.get(key)
        return None if op is None else ops.to_rest(op, encode)

    def revert(self, *keys: str) -> Self:
        """Forget the pending changes of these fields, or all."""
        self._settle()
        for key in keys or list(self._pending):
            self._pending.pop(key, None)
            root = key.partition(".")[0]
            self._lent.pop(root, None)
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
        self._settle()
        if given is None or sent is None:
            return {key: ops.to_rest(op, encode) for key, op in self._pending.items()}
        return {
            key: sent[key] if given.get(key) is op else ops.to_rest(op, encode)
            for key, op in self._pending.items()
        }

    # --- storing ------------------------------------------------------------------------------

    async def save(
        self,
        fields: Mapping[str, Any] | None = None,
        *,
        use_master_key: bool = False,
        session_token: str | None = None,
        context: dict[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Self:
        """Store the pending changes (after setting ``fields``); the object itself.

        New objects and files in its fields are saved first. ``where`` makes an update conditional:
        it is refused atomically, with ``ConditionFailed`` (code 142), when the stored object
        does not match: ``await sku.decrement("stock", n).save(where={"stock": {"$gte": n}})``.
        """
        if fields:
            self.set(fields)
        if where is not None and self.id is None:
            raise ValueError("a condition is for an object that is stored already")
        rights = {"use_master_key": use_master_key, "session_token": session_token}
        await _save_children(self, rights)
        acting = await current.context(**rights, context=context)  # type: ignore[arg-type]
        body = self.changes()
        facts: dict[str, Any] = {}
        if where is not None:
            facts["condition"] = wheres.parse(encode(dict(where)), privileged=True)
        saved = await self._store(acting, body, facts)
        if not saved.finished or _is_object(saved):
            self._saved(saved)
        return self

    async def _store(
        self, acting: "RequestContext", body: JSONObject, facts: dict[str, Any]
    ) -> Saved:
        if self.id is None:
            return await create(acting, self.class_name, body, facts)
        return await update(acting, self.class_name, self.id, body, facts)

    def _saved(self, saved: Saved) -> None:
        """Take over what a save answered."""
        answer = saved.answer if isinstance(saved.answer, dict) else {}
        self.id = saved.object_id or answer.get("objectId")
        self._settle()
        for key in self._pending:
            root = key.partition(".")[0]
            if self._values.get(root) is None and isinstance(self._pending[key], ops.Unset):
                self._values.pop(root, None)
        self._pending.clear()
        self._lent.clear()
        for key, value in answer.items():
            if key in _OWN:
                continue
            if isinstance(value, dict) and value.get("__op") == "Delete":
                self._values.pop(key, None)
            elif isinstance(value, dict) and isinstance(self._values.get(key), dict):
                self._values[key] = {**self._values[key], **decode(value)}
            else:
                self._values[key] = decode_field(key, value)
        self.created_at = to_datetime(answer.get("createdAt")) or self.created_at
        stamp = answer.get("updatedAt") or answer.get("createdAt")
        self.updated_at = to_datetime(stamp) or self.updated_at
        self._stored = dict(self._values)

    async def destroy(
        self,
        *,
        use_master_key: bool = False,
        session_token: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        """Delete the object; OBJECT_NOT_FOUND if it is gone or not the caller's to delete."""
        acting = await current.context(
            use_master_key=use_master_key, session_token=session_token, context=context
        )
        await delete(acting, self.class_name, self.to_pointer()["objectId"])

    async def fetch(
        self,
        *,
        include: Sequence[str] = (),
        use_master_key: bool = False,
        session_token: str | None = None,
    ) -> Self:
        """Read the object again; pending changes are dropped. OBJECT_NOT_FOUND if it is gone."""
        acting = await current.context(use_master_key=use_master_key, session_token=session_token)
        parameters = {"include": ",".join(include)} if include else {}
        keys, exclude, paths, everything = queries.selection(
            parameters, True, acting.backend.limits
        )
        query = queries.Query(
            self.class_name,
            keys=keys,
            exclude_keys=exclude,
            include=paths,
            include_all=everything,
        )
        self.load(await get(acting, query, self.to_pointer()["objectId"]))
        return self

    async def fetch_with_include(self, keys: str | Sequence[str], **rights: Any) -> Self:
        """Read the object again together with the objects that its fields point to."""
        return await self.fetch(include=[keys] if isinstance(keys, str) else keys, **rights)

    def load(self, item: JSONObject) -> Self:
        """Take over an object in REST form as the stored state; pending changes are dropped."""
        self.id = item.get("objectId", self.id)
        self.created_at = to_datetime(item.get("createdAt")) or self.created_at
        self.updated_at = to_datetime(item.get("updatedAt")) or self.updated_at
        self._values = {
            key: decode_field(key, value)
            for key, value in item.items()
            if key not in _OWN and not _is_relation(value)
        }
        self._relations = {key: dict(value) for key, value in item.items() if _is_relation(value)}
        self._stored = dict(self._values)
        self._pending.clear()
        self._lent.clear()
        self.is_data_available = True
        return self

    # --- several ------------------------------------------------------------------------------

    @staticmethod
    async def save_all(objects: Iterable["Object"], **rights: Any) -> list["Object"]:
        """Save several; each is tried, then the first refusal is raised. Options as ``save``."""
        items = list(objects)
        await _each(items, lambda item: item.save(**rights))
        return items

    @staticmethod
    async def destroy_all(objects: Iterable["Object"], **rights: Any) -> None:
        """Delete several; each is tried, then the first refusal is raised; as ``destroy``."""
        await _each(list(objects), lambda item: item.destroy(**rights))

    @staticmethod
    async def fetch_all(objects: Iterable["Object"], **rights: Any) -> list["Object"]:
        """Read several again; options as ``fetch``."""
        items = list(objects)
        await _each(items, lambda item: item.fetch(**rights))
        return items

    @staticmethod
    async def fetch_all_if_needed(objects: Iterable["Object"], **rights: Any) -> list["Object"]:
        """Read those of several that are mere pointers; options as ``fetch``."""
        items = list(objects)
        await _each(
            [i for i in items if not i.is_data_available], lambda item: item.fetch(**rights)
        )
        return items

    @classmethod
    def query(cls) -> Query[Self]:
        """A query for the objects of this Python class."""
        return Query(cls)

    # --- identity -----------------------------------------------------------------------------

    def same_as(self, other: object) -> bool:
        """Do both stand for the same stored object?"""
        if not isinstance(other, Object) or self.id is None:
            return self is other
        return (self.class_name, self.id) == (other.class_name, other.id)

    def __eq__(self, other: object) -> bool:
        return self.same_as(other)

    def __hash__(self) -> int:
        return hash((self.class_name, self.id)) if self.id is not None else id(self)

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.id or 'new'}>"


class Relation:
    """The relation in a field of ``parent``: a set of objects of one class."""

    __slots__ = ("_key", "_parent")

    def __init__(self, parent: Object, key: str) -> None:
        self._parent = parent
        self._key = key

    def add(self, members: Object | Iterable[Object]) -> None:
        """Make these members when the parent is saved."""
        items = (members,) if isinstance(members, Object) else tuple(members)
        self._parent._change(self._key, ops.Relate(added=items))

    def remove(self, members: Object | Iterable[Object]) -> None:
        """End the membership of these when the parent is saved."""
        items = (members,) if isinstance(members, Object) else tuple(members)
        self._parent._change(self._key, ops.Relate(removed=items))

    def query(self) -> Query[Any]:
        """A query for the members."""
        return Query.related(self._parent, self._key)


def Pointer(class_name: str, object_id: str) -> Object:
    """An object that is known by its id alone: to point to, to fetch, to change."""
    item: Object = codec.pointer(class_name, object_id)
    return item


def from_rest(class_name: str, item: JSONObject) -> Object:
    """An object of the house's REST form as cloud code sees it."""
    found: Object = codec.from_rest(class_name, item)
    return found


def from_changes(class_name: str, original: JSONObject | None, changes: JSONObject) -> Object:
    """The object of a save: the stored state, with the changes pending."""
    item: Object = codec.make(class_name)
    if original is not None:
        item.load(original)
    for key, value in changes.items():
        item._take(key, ops.Set(ACL(value)) if key == "ACL" else ops.from_rest(value, decode))
    return item


async def _each(items: list[Object], call: Callable[[Object], Any]) -> None:
    """Run a call for each, several at once unless a transaction carries them."""
    if current.backend().storage.in_transaction:
        for item in items:
            await call(item)
        return
    failures: list[BaseException] = []
    for start in range(0, len(items), _TOGETHER):
        group = items[start : start + _TOGETHER]
        outcomes = await asyncio.gather(*map(call, group), return_exceptions=True)
        failures += [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise failures[0]


async def _save_children(item: Object, rights: Mapping[str, Any], depth: int = 0) -> None:
    """Save the new objects and files among the values that are about to be written."""
    if depth > rest.MAX_DEPTH:
        raise ParseError(Code.OTHER_CAUSE, "New objects point to each other in a circle.")
    for op in list(item._pending.values()):
        for child in _new_in(op):
            if isinstance(child, Object):
                await _save_children(child, rights, depth + 1)
            await child.save(**rights)


def _new_in(value: Any) -> Iterator[Object | File]:
    match value:
        case ops.Set(inner):
            yield from _new_in(inner)
        case ops.Add(items) | ops.AddUnique(items):
            yield from _new_in(list(items))
        case ops.Relate(added, _):
            yield from _new_in(list(added))
        case Object() if value.id is None:
            yield value
        case File() if value.url is None and value.has_data:
            yield value
        case dict():
            for inner in value.values():
                yield from _new_in(inner)
        case list() | tuple():
            for inner in value:
                yield from _new_in(inner)


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


def _is_object(saved: Saved) -> bool:
    """Did a before-save hook that answered by itself tell of an object, as a save does?"""
    content = saved.answer
    if saved.status >= 400 or not isinstance(content, dict):
        return False
    return bool(saved.object_id or isinstance(content.get("objectId"), str))


def _is_relation(value: Any) -> bool:
    return isinstance(value, dict) and value.get("__type") == "Relation"


def _identity(value: Any) -> Any:
    """What tells two elements of an array apart: an object's id, else its form on the wire."""
    if isinstance(value, Object) and value.id is not None:
        return ("Pointer", value.class_name, value.id)
    return encode(value)


codec.MAKERS[None] = Object._bare
