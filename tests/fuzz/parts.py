"""What steps are made of, by chance: who, ACLs, permissions, fields and queries."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.model import CLASSES, NEXT

PROTECTABLE = ("s", "secret", "n", "owner", "friend", "o", "rel")


class Parts:
    """Makes parts of steps, all from one seed; knows what earlier steps have made."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._number = 0
        self._kinds: dict[str, list[int]] = {
            name: [] for name in (*CLASSES, "_User", "_Role", "_Installation", "session", "file")
        }

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
        number, following = self._number, NEXT.get(name, "Box")
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

    def _linked(self, name: str) -> dict[str, Any]:
        following = NEXT[name]
        return {"className": following, "where": self._where(following, simple=True)}

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
