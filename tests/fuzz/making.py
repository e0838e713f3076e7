"""Makes a trace, by chance: from its seed alone, so that any server can be asked the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fuzz.model import CLASSES
from tests.fuzz.parts import Parts
from tests.fuzz.steps import PUBLIC, Step
from tests.hostile.shapes import SHAPES

SIZES = (3, 40, 300, 2_000, 6_000)
OPERATIONS = ("find", "count", "get", "create", "update", "delete")


class Maker(Parts):
    """Makes the steps of one trace."""

    def __init__(self, seed: int, *, plain: bool = False) -> None:
        super().__init__(seed)
        self._subscriptions = 0
        kinds = dict(_KINDS)
        if plain:  # what another server is asked as well
            for name in ("hostile", "junk", "together", "subscribe", "graphql", "seek"):
                del kinds[name]
        self._names, self._weights = list(kinds), list(kinds.values())

    def steps(self, count: int) -> list[Step]:
        """A whole trace: some users and roles, then anything."""
        made = [self._sign_up() for _ in range(3)]
        made += [self._create("_Role") for _ in range(2)]
        made += [self._create(self._pick(CLASSES)) for _ in range(5)]
        while len(made) < count:
            kind = self._chance.choices(self._names, self._weights)[0]
            made.append(_MAKERS[kind](self))
        return made

    def _sign_up(self) -> Step:
        number = self._new("_User")
        self._kinds["session"].append(number)
        acl = self._acl(0.6) if self._is(0.4) else None
        return {"do": "sign up", "id": number, "acl": acl}

    def _log_in(self) -> Step:
        user = self._some("_User")
        wrong = self._is(0.15)
        return {"do": "log in", "id": self._new("session"), "user": user, "wrong": wrong}

    def _log_out(self) -> Step:
        return {"do": "log out", "id": self._new(), "who": self._who(0)}

    def _create(self, name: str) -> Step:
        number = self._new(name)
        if name == "_Role":
            fields: dict[str, Any] = {
                "users": {"__op": "AddRelation", "objects": [self._ref("_User")]},
                "roles": {"__op": "AddRelation", "objects": [self._ref("_Role")]},
            }
            fields = {key: value for key, value in fields.items() if self._is(0.7)}
            acl = self._acl(0) or {}
            who = "master"
        else:
            fields, acl, who = self._fields(name, 0.6), self._acl(), self._who()
        if name == "_Installation":
            fields = {"s": f"c{number}z"}
        made: Step = {"do": "create", "id": number, "who": who, "class": name}
        return {**made, "fields": fields, "acl": acl}

    def _made(self) -> Step:
        return self._create(self._pick((*CLASSES, *CLASSES, *CLASSES, "_Role", "_Installation")))

    def _change(self, name: str | None = None) -> Step:
        name = name or self._pick((*CLASSES, *CLASSES, "_User", "_Role"))
        object_id, number = self._some(name), self._new()
        acl, who = None if self._is(0.7) else self._acl(0.1), self._who()
        if name == "_Role":
            operation = self._pick(("AddRelation", "RemoveRelation"))
            kind = self._pick(("users", "roles"))
            of = {"users": "_User", "roles": "_Role"}[kind]
            fields: dict[str, Any] = {kind: {"__op": operation, "objects": [self._ref(of)]}}
        elif name == "_User":
            fields = {"s": f"c{number}z"}
        else:
            fields = self._changes(name)
        made = {"do": "change", "id": number, "who": who, "class": name}
        return {**made, "object": object_id, "fields": fields, "acl": acl}

    def _password(self) -> Step:
        who = self._who(0.3)
        return {"do": "password", "id": self._new("session"), "who": who, "object": self._user(who)}

    def _user(self, who: Any) -> int:
        own = who if who in self._kinds["_User"] and self._is(0.8) else None
        return own or self._some("_User")

    def _delete(self) -> Step:
        name = self._pick((*CLASSES, *CLASSES, *CLASSES, "_User", "_Role", "_Installation"))
        made = {"do": "delete", "id": self._new(), "who": self._who(), "class": name}
        return {**made, "object": self._some(name)}

    def _get(self) -> Step:
        name = self._pick((*CLASSES, *CLASSES, "_User", "_Role", "_Installation"))
        made = {"do": "get", "id": self._new(), "who": self._who(0.03), "class": name}
        includes = ("", "", "friend", "owner", "friend.friend,list", "*", "list.owner")
        include = self._pick(includes) if name in CLASSES else ""
        return {**made, "object": self._some(name), "include": include}

    def _find(self) -> Step:
        name = self._pick((*CLASSES, *CLASSES, *CLASSES, "_User", "_Role", "_Installation"))
        made = {"do": "find", "id": self._new(), "who": self._who(0.03), "class": name}
        if name == "_Installation":  # hostile requests make some that the model knows nothing of
            made["who"] = "nobody"
        if name not in CLASSES:
            return {**made, "where": {}}
        includes = ("", "", "friend", "owner", "friend.friend,list", "*", "list.owner,owners")
        orders = ("", "", "n", "-secret", "s", "createdAt")
        return {
            **made,
            "where": self._where(name),
            "include": self._pick(includes),
            "order": self._pick(orders),
            "count": self._is(0.2),
        }

    def _seek(self) -> Step:
        name = self._pick(CLASSES)
        made = {"do": "seek", "id": self._new(), "who": self._who(0), "class": name}
        return {**made, "where": self._where(name)}

    def _permit(self) -> Step:
        made = {"do": "permit", "id": self._new(), "who": "master", "class": self._pick(CLASSES)}
        if self._is(0.3):
            return {**made, "permissions": PUBLIC}
        permissions: dict[str, Any] = {name: self._entries(name) for name in OPERATIONS}
        permissions["addField"] = {"*": True}
        if self._is(0.2):
            permissions["readUserFields"] = [self._pick(("owner", "owners"))]
        if self._is(0.2):
            permissions["writeUserFields"] = [self._pick(("owner", "owners"))]
        if self._is(0.6):
            permissions["protectedFields"] = self._protected()
        return {**made, "permissions": permissions}

    def _subscribe(self) -> Step:
        if self._subscriptions == 4:
            return self._find()
        self._subscriptions += 1
        name = self._pick(("Letter", "Letter", "Box"))
        made = {"do": "subscribe", "id": self._new(), "who": self._who(0), "class": name}
        return {**made, "where": self._where(name, simple=True)}

    def _graphql(self) -> Step:
        kind = self._pick(("find", "find", "get", "change", "delete"))
        name = self._pick(CLASSES)
        number = self._new()
        inner: Step = {"do": kind, "id": number, "class": name}
        if kind == "find":
            inner["where"] = self._where(name, simple=True)
            if self._is(0.3):
                inner["where"] = {"friend": {"$inQuery": self._linked(name)}}
        else:
            inner["object"] = self._some(name)
        if kind == "change":
            inner["fields"] = {"s": f"c{number}z", "n": 2}
        made = {"do": "graphql", "id": number, "who": self._who(0), "deep": self._is(0.4)}
        return {**made, "step": inner}

    def _batch(self) -> Step:
        who = self._who()
        kinds = [self._pick((self._made, self._change, self._delete)) for _ in range(3)]
        steps, seen = [], set()
        for make in kinds:
            step = make()
            key = step.get("object", -step["id"])
            if step["class"] in CLASSES and key not in seen:
                seen.add(key)
                steps.append(step)
        if not steps:
            return self._get()
        made = {"do": "batch", "id": self._new(), "who": who, "transaction": self._is(0.4)}
        return {**made, "steps": steps}

    def _together(self) -> Step:
        kinds = (self._made, self._change, self._change, self._delete, self._find, self._get)
        steps = [self._pick(kinds)() for _ in range(self._pick((3, 5, 8)))]
        return {"do": "together", "id": self._new(), "steps": steps}

    def _junk(self) -> Step:
        kinds = (
            *(self._made, self._change, self._find, self._find, self._get, self._delete),
            *(self._graphql, self._permit, self._log_in, self._sign_up, self._seek, self._find),
        )
        seed = self._chance.randrange(10**6)
        return {"do": "junk", "id": self._new(), "step": self._pick(kinds)(), "seed": seed}

    def _hostile(self) -> Step:
        names = sorted(SHAPES)
        made = {"do": "hostile", "id": self._new(), "name": self._pick(names)}
        return {**made, "size": self._pick(SIZES)}

    def _aggregate(self) -> Step:
        query = self._pick(
            ({"distinct": "secret"}, {"$match": "{}"}, {"$group": '{"_id":"$secret"}'})
        )
        made = {"do": "aggregate", "id": self._new(), "who": self._who(0)}
        return {**made, "class": self._pick((*CLASSES, "_User")), "query": query}

    def _small(self, kind: str) -> Step:
        return {"do": kind, "id": self._new(), "who": self._who(0.05)}

    def _upload(self) -> Step:
        return {"do": "upload", "id": self._new("file"), "who": self._who(0.05)}

    def _file(self) -> Step:
        kind = self._pick(("download", "download", "unlink"))
        made = {"do": kind, "id": self._new(), "who": self._who(0.4)}
        return {**made, "file": self._some("file")}

    def _class(self) -> Step:
        made = {"do": "class", "id": self._new(), "who": self._who(0.8)}
        return {**made, "name": self._pick(range(3)), "drops": self._is(0.5)}

    def _configure(self) -> Step:
        made = {"do": "configure", "id": self._new(), "who": self._who(0.8)}
        return {**made, "name": self._pick(range(3)), "hidden": self._is(0.5)}


_KINDS = {
    "sign up": 2,
    "log in": 2,
    "log out": 1,
    "create": 10,
    "change": 16,
    "password": 1,
    "delete": 4,
    "get": 10,
    "find": 18,
    "seek": 2,
    "permit": 5,
    "subscribe": 2,
    "graphql": 6,
    "batch": 3,
    "together": 1,
    "junk": 6,
    "hostile": 1,
    "aggregate": 0.5,
    "me": 1,
    "sessions": 0.5,
    "configure": 0.5,
    "configuration": 1,
    "upload": 0.5,
    "file": 1,
    "class": 0.5,
}
_MAKERS: dict[str, Callable[[Maker], Step]] = {
    "sign up": Maker._sign_up,
    "log in": Maker._log_in,
    "log out": Maker._log_out,
    "create": Maker._made,
    "change": Maker._change,
    "password": Maker._password,
    "delete": Maker._delete,
    "get": Maker._get,
    "find": Maker._find,
    "seek": Maker._seek,
    "permit": Maker._permit,
    "subscribe": Maker._subscribe,
    "graphql": Maker._graphql,
    "batch": Maker._batch,
    "together": Maker._together,
    "junk": Maker._junk,
    "hostile": Maker._hostile,
    "aggregate": Maker._aggregate,
    "me": lambda maker: maker._small("me"),
    "sessions": lambda maker: maker._small("sessions"),
    "configure": Maker._configure,
    "configuration": lambda maker: maker._small("configuration"),
    "upload": Maker._upload,
    "file": Maker._file,
    "class": Maker._class,
}
