"""Makes the next step of a trace, by chance, from what the world is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.graphql import SINGULAR
from tests.fuzz.model import CLASSES, NEXT
from tests.fuzz.steps import PUBLIC, Step
from tests.hostile.shapes import SHAPES

SIZES = (3, 40, 300, 2_000, 6_000)
OPERATIONS = ("find", "count", "get", "create", "update", "delete")
PROTECTABLE = ("s", "secret", "n", "owner", "friend", "o", "rel")
QUIET = ("save: sign up",)
"""Hostile shapes that would change what the model knows."""


class Maker:
    """Makes the steps of one trace, all from one seed."""

    def __init__(self, seed: int, *, plain: bool = False) -> None:
        self._chance = random.Random(seed)
        self._number = 0
        self._kinds: dict[str, list[int]] = {
            name: [] for name in (*CLASSES, "_User", "_Role", "session")
        }
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

    # --- parts

    def _new(self, kind: str | None = None) -> int:
        self._number += 1
        if kind is not None:
            self._kinds[kind].append(self._number)
        return self._number

    def _pick(self, values: Any) -> Any:
        return self._chance.choice(list(values))

    def _some(self, kind: str) -> int:
        """One that was made, rather a new one; a number that nobody has if there is none."""
        made = self._kinds[kind]
        if not made or self._chance.random() < 0.03:
            return 999_000
        return made[-1] if self._chance.random() < 0.3 else self._pick(made)

    def _ref(self, kind: str) -> dict[str, Any]:
        return {"$ref": self._some(kind), "class": kind}

    def _is(self, share: float) -> bool:
        return self._chance.random() < share

    def _who(self, master: float = 0.1) -> Any:
        number = self._chance.random()
        if number < master:
            return "master"
        if number < master + 0.15 or not self._kinds["session"]:
            return "nobody"
        return self._pick(self._kinds["session"])

    def _name(self) -> str:
        """Whom an ACL or a permission means."""
        number = self._chance.random()
        if number < 0.2:
            return "*"
        if number < 0.6:
            return f"#{self._some('_User')}"
        return f"role#{self._some('_Role')}"

    def _acl(self, none: float = 0.35) -> Any:
        if self._is(none):
            return None
        flags: list[dict[str, bool]] = [
            {"read": True},
            {"read": True, "write": True},
            {"write": True},
        ]
        return {self._name(): {**self._pick(flags)} for _ in range(self._pick((0, 1, 1, 2)))}

    def _fields(self, name: str, share: float) -> dict[str, Any]:
        number, following = self._number, NEXT[name]
        made: dict[str, Any] = {
            "s": f"c{number}z",
            "secret": f"x{number}z",
            "n": self._pick(range(4)),
            "o": {"k": self._pick(range(3))},
            "owner": self._ref("_User"),
            "owners": [self._ref("_User") for _ in range(self._pick((0, 1, 2)))],
            "friend": self._ref(following),
            "list": [self._ref(following) for _ in range(self._pick((0, 1, 2)))],
            "rel": {"__op": "AddRelation", "objects": [self._ref(following)]},
        }
        return {key: value for key, value in made.items() if self._is(share)}

    def _changes(self, name: str) -> dict[str, Any]:
        following = NEXT[name]
        made = self._fields(name, 0.25)
        operations: dict[str, Any] = {
            "n": {"__op": "Increment", "amount": 1},
            "list": {"__op": self._pick(("Add", "AddUnique", "Remove"))},
            "owners": {"__op": self._pick(("Add", "AddUnique", "Remove"))},
            "rel": {"__op": "RemoveRelation", "objects": [self._ref(following)]},
            "owner": {"__op": "Delete"},
            "secret": {"__op": "Delete"},
        }
        for key, value in operations.items():
            if self._is(0.15):
                of = {"list": following, "owners": "_User"}.get(key)
                made[key] = {**value, "objects": [self._ref(of)]} if of else value
        return made

    def _where(self, name: str, depth: int = 0, *, simple: bool = False) -> dict[str, Any]:
        following = NEXT[name]
        n = self._pick(range(4))
        plain: list[Callable[[], dict[str, Any]]] = [
            dict,
            lambda: {"n": n},
            lambda: {"n": {self._pick(("$gt", "$lt", "$gte", "$lte", "$ne")): n}},
            lambda: {"n": {"$in": [n, 1]}},
            lambda: {"n": {"$exists": self._is(0.5)}},
            lambda: {"s": f"c{self._some(name)}z"},
            lambda: {"secret": f"x{self._some(name)}z"},
            lambda: {"secret": {"$exists": True}},
        ]
        if simple:
            return self._chance.choice(plain)()
        more: list[Callable[[], dict[str, Any]]] = [
            lambda: {"objectId": f"#{self._some(name)}"},
            lambda: {"owner": self._ref("_User")},
            lambda: {"owners": self._ref("_User")},
            lambda: {"friend": self._ref(following)},
            lambda: {"list": self._ref(following)},
            lambda: {"o.k": self._pick(range(3))},
            lambda: {"rel": self._ref(following)},
        ]
        if depth < 2:
            more += [
                lambda: {"friend": {self._pick(("$inQuery", "$notInQuery")): self._inner(depth)}},
                lambda: {"list": {"$inQuery": self._inner(depth, following)}},
                lambda: {
                    "n": {
                        self._pick(("$select", "$dontSelect")): {
                            "query": self._inner(depth, self._pick(CLASSES)),
                            "key": self._pick(("n", "n", "o.k")),
                        }
                    }
                },
                lambda: {
                    self._pick(("$or", "$and", "$nor")): [
                        self._where(name, depth + 1) for _ in range(2)
                    ]
                },
                lambda: {
                    "$relatedTo": {
                        "object": self._ref(self._before(name)),
                        "key": "rel",
                    }
                },
            ]
        return self._chance.choice(plain + more * 2)()

    def _before(self, name: str) -> str:
        return next(one for one, following in NEXT.items() if following == name)

    def _inner(self, depth: int, name: str | None = None) -> dict[str, Any]:
        name = name or self._pick(CLASSES)
        return {"className": name, "where": self._where(name, depth + 1)}

    # --- steps

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
        made: Step = {"do": "create", "id": number, "who": who, "class": name}
        return {**made, "fields": fields, "acl": acl}

    def _made(self) -> Step:
        return self._create(self._pick((*CLASSES, *CLASSES, "_Role")))

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
        name = self._pick((*CLASSES, *CLASSES, *CLASSES, "_User", "_Role"))
        made = {"do": "delete", "id": self._new(), "who": self._who(), "class": name}
        return {**made, "object": self._some(name)}

    def _get(self) -> Step:
        name = self._pick((*CLASSES, *CLASSES, "_User", "_Role"))
        made = {"do": "get", "id": self._new(), "who": self._who(0.03), "class": name}
        includes = ("", "", "friend", "owner", "friend.friend,list", "*", "list.owner")
        include = self._pick(includes) if name in CLASSES else ""
        return {**made, "object": self._some(name), "include": include}

    def _find(self) -> Step:
        name = self._pick((*CLASSES, *CLASSES, *CLASSES, "_User", "_Role"))
        made = {"do": "find", "id": self._new(), "who": self._who(0.03), "class": name}
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

    def _entries(self, operation: str) -> dict[str, Any]:
        number = self._chance.random()
        if number < 0.55:
            return {"*": True}
        if number < 0.6:
            return {}
        if number < 0.7:
            return {"requiresAuthentication": True}
        if number < 0.82:
            fields = self._pick((["owner"], ["owners"], ["owner", "owners"]))
            more = {"requiresAuthentication": True} if self._is(0.2) else {}
            return {"pointerFields": fields, **more}
        return {self._name(): True for _ in range(self._pick((1, 2)))}

    def _protected(self) -> dict[str, list[str]]:
        names = ["*", "authenticated", "userField:owner", "userField:owners", self._name()]
        chosen = [name for name in names if self._is(0.45)]
        return {
            name: sorted({self._pick(PROTECTABLE) for _ in range(self._pick((0, 1, 2, 3)))})
            for name in chosen
        }

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
        assert name in SINGULAR
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

    def _linked(self, name: str) -> dict[str, Any]:
        following = NEXT[name]
        return {"className": following, "where": self._where(following, simple=True)}

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
        names = sorted(set(SHAPES) - set(QUIET))
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
    "upload": lambda maker: maker._small("upload"),
}
