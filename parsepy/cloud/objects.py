"""``Object``: a Parse object as cloud code sees it, and ``Relation``; their calls."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from parsepy.cloud import codec, current, mistakes, ops
from parsepy.cloud.codec import decode, encode
from parsepy.cloud.fields import OWN, Fields, Unread
from parsepy.cloud.files import File
from parsepy.cloud.names import field_hint
from parsepy.cloud.query import Query
from parsepy.cloud.values import ACL
from parsepy.errors import Code, ParseError
from parsepy.model import query as queries
from parsepy.model import values as rest
from parsepy.model import where as wheres
from parsepy.model.values import JSONObject
from parsepy.model.where import Where
from parsepy.operations.find import get
from parsepy.operations.objects import create, delete, update
from parsepy.operations.writes import Saved, SaveOptions

_TOGETHER = 20  # saves under way at once


class Object(Fields):
    """An object of a class: fields to read and change, and the calls that store it.

    ``Object("Game", score=5)`` or ``Object("Game", {"score": 5})`` is a new one;
    ``class Game(Object, class_name="Game")`` gives a class a Python class of its own, which
    queries and triggers then use. Everything that talks to the database acts with the caller's
    rights unless ``use_master_key`` or ``session_token`` say otherwise, and raises ``ParseError``
    with Parse's code when it is refused.
    """

    def __init_subclass__(cls, *, class_name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if class_name is not None:
            cls._own_class = class_name
            codec.CLASSES[class_name] = cls
        if cls.__dictoffset__ and cls.__setattr__ is object.__setattr__:
            cls.__setattr__ = _set_own  # type: ignore[assignment]

    __slots__ = ()

    def relation(self, key: str) -> "Relation":
        """The relation in a field: members to add, remove and query."""
        return Relation(self, key)

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
        if self.id is None:
            saved = await create(acting, self.class_name, body)
        else:
            condition = condition_of(where, privileged=acting.principal.is_privileged)
            options = SaveOptions(condition=condition)
            saved = await update(acting, self.class_name, self.id, body, options)
        if not saved.is_finished or _is_object(saved):
            self._saved(saved, body)
        return self

    def _saved(self, saved: Saved, sent: JSONObject) -> None:
        """Take over what a save answered, where it is not what was sent."""
        answer = saved.answer if isinstance(saved.answer, dict) else {}
        self._was_created = self.is_new
        self.id = saved.object_id or answer.get("objectId")
        self._is_unstored = False
        self._read_all()
        if self._lent:
            self._settle()
        for key in self._pending:
            root = key.partition(".")[0]
            if self._values.get(root) is None and isinstance(self._pending[key], ops.Unset):
                self._values.pop(root, None)
        self._pending.clear()
        self._lent.clear()
        self._raw.clear()
        for key, value in answer.items():
            if key in OWN or (key in sent and sent[key] == value):
                continue
            if isinstance(value, dict) and value.get("__op") == "Delete":
                self._values.pop(key, None)
            elif any(name.startswith(f"{key}.") for name in sent):  # only what was changed in it
                self._values[key] = _merged(self._values.get(key), decode(value))
            elif key == "ACL" and isinstance(value, dict):
                self._values[key] = ACL(value)
            else:
                self._values[key] = decode(value)
        created, updated = answer.get("createdAt"), answer.get("updatedAt")
        if isinstance(created, str):
            self._created = self._updated = created
        if isinstance(updated, str):
            self._updated = updated
        self._stored = dict(self._values)

    def as_saved(self, answer: JSONObject, sent: JSONObject) -> Self:
        """A copy with what a save of ``sent`` answered; nothing was stored without an answer."""
        item = self._copy()
        if answer:
            item._saved(Saved(answer["objectId"], answer), sent)
        return item

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
            parameters, acting.principal.is_privileged, acting.backend.limits
        )
        query = queries.one(
            self.class_name,
            self.to_pointer()["objectId"],
            keys=keys,
            exclude_keys=exclude,
            include=paths,
            include_all=everything,
        )
        self.load(await get(acting, query))
        return self

    async def fetch_with_include(self, keys: str | Sequence[str], **rights: Any) -> Self:
        """Read the object again together with the objects that its fields point to."""
        return await self.fetch(include=[keys] if isinstance(keys, str) else keys, **rights)

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


def _set_own(item: Object, name: str, value: Any) -> None:
    """Set an attribute of an author's class; tell if it is none that the class declares."""
    cls = type(item)
    declared = (vars(base).get("__annotations__", ()) for base in cls.__mro__)
    if name[:1] != "_" and not hasattr(cls, name) and not any(name in names for names in declared):
        text = f"{cls.__name__}.{name} = … sets no field, only an attribute{field_hint(name)}"
        mistakes.tell(text, mistakes.place_now())
    object.__setattr__(item, name, value)


def Pointer(class_name: str, object_id: str) -> Object:
    """An object that is known by its id alone: to point to, to fetch, to change."""
    item: Object = codec.pointer(class_name, object_id)
    return item


def from_rest(class_name: str, item: JSONObject) -> Object:
    """Make the friendly object of an object in REST form."""
    found: Object = codec.from_rest(class_name, item)
    return found


def from_changes(
    class_name: str, original: JSONObject | None, changes: JSONObject, chosen_id: str | None = None
) -> Object:
    """The object of a save: the stored state, with the changes pending.

    ``chosen_id``: the id that a client has chosen for a new object.
    """
    item: Object = codec.make(class_name)
    item.id, item._is_unstored = chosen_id, chosen_id is not None
    if original is not None:
        item.load(original)
    plain, values, pending = codec.PLAIN, item._values, item._pending
    for key, value in changes.items():
        if "." in key or (type(value) is dict and "__op" in value):
            item._take(key, ops.from_rest(value, decode))
            continue
        if type(value) in plain:
            values[key] = value
        else:
            values[key] = Unread((value,))
            item._raw[key] = value
        pending[key] = ops.SENT
    return item


def condition_of(where: Mapping[str, Any] | None, *, privileged: bool) -> Where:
    """Read the condition of a write; ``privileged``: it may name hidden columns."""
    return wheres.parse(encode(dict(where)), privileged=privileged) if where else ()


def _merged(value: Any, changed: Any) -> Any:
    """The value with the members that an answer shows of it; all else is as it was."""
    if not isinstance(value, dict) or not isinstance(changed, dict):
        return changed
    return value | {key: _merged(value.get(key), item) for key, item in changed.items()}


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
        if isinstance(op, ops.Set) and type(op.value) in codec.PLAIN:
            continue
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
        case dict() | list() | tuple():
            for inner in value.values() if isinstance(value, dict) else value:
                if type(inner) not in codec.PLAIN:
                    yield from _new_in(inner)


def _is_object(saved: Saved) -> bool:
    """Is what a before-save hook answered itself an object, as what a save answers?"""
    content = saved.answer
    if saved.status >= 400 or not isinstance(content, dict):
        return False
    return bool(saved.object_id or isinstance(content.get("objectId"), str))


codec.CLASSES[None] = Object
