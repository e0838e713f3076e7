"""The two loads of the Live Query benchmark, and the account of the events each must cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

GROUPS = 100
"""The connections are divided into so many where 1 % is to match."""
PER_CLIENT = 5
"""Subscriptions of a connection."""
QUERIES = 50
"""Different queries of the load that everybody matches."""
USERS = 10


@dataclass(frozen=True, slots=True)
class LiveWrite:
    """One write: a new object, or a change of the one that an earlier write made."""

    number: int
    made_by: int
    group: int

    @property
    def is_create(self) -> bool:
        """Does it create its object?"""
        return self.made_by == self.number


@dataclass(frozen=True, slots=True)
class Load:
    """A kind of load: what clients subscribe to, what is written, and who must get an event."""

    name: str
    class_name: str
    signed_in: bool
    where: Callable[[int, int], dict[str, Any]]
    """Number of the client, number of its subscription: the query."""
    fields: Callable[[LiveWrite, Sequence[str]], dict[str, Any]]
    """The fields of a new object; the users' ids are for its ACL."""
    concerns: Callable[[LiveWrite, int], bool]
    """Must this client get an event of this write?"""


def writes_of(count: int) -> list[LiveWrite]:
    """Plan so many writes: half create objects, then each is changed; groups take turns."""
    half = (count + 1) // 2
    return [LiveWrite(n, n % half, n % half % GROUPS) for n in range(count)]


def _sale(write: LiveWrite, _users: Sequence[str]) -> dict[str, Any]:
    return {
        "number": write.number,
        "name": "Mugs of the week",
        "active": True,
        "discount": QUERIES + 1,
        "ends": {"__type": "Date", "iso": "2027-01-31T22:00:00.000Z"},
    }


def _order(write: LiveWrite, users: Sequence[str]) -> dict[str, Any]:
    return {
        "number": write.number,
        "shop": f"shop {write.group}",
        "status": "pending",
        "total": 49.5,
        "lines": [{"name": "Mug", "quantity": 2}, {"name": "Bowl", "quantity": 1}],
        "ACL": {users[write.group % USERS]: {"read": True}},
    }


LOADS = (
    Load(
        "every subscription matches",
        "FlashSale",
        False,
        lambda client, n: {
            "active": True,
            "discount": {"$gt": (client * PER_CLIENT + n) % QUERIES},
        },
        _sale,
        lambda write, client: True,
    ),
    Load(
        "1 % match",
        "Order",
        True,
        lambda client, n: {"shop": f"shop {client % GROUPS}", "total": {"$gt": n}},
        _order,
        lambda write, client: client % GROUPS == write.group,
    ),
)


@dataclass(slots=True)
class Account:
    """The events that were due, those that arrived, and how long each took."""

    load: Load
    writes: Sequence[LiveWrite]
    clients: int
    sent: dict[int, float] = field(default_factory=dict)
    """When each write was sent."""
    last: dict[int, float] = field(default_factory=dict)
    """When the last event of each write arrived."""
    latencies: list[float] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    _seen: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._seen = bytearray(len(self.writes) * self.clients * PER_CLIENT)

    def due(self, write: LiveWrite) -> int:
        """Count the events that a write must cause."""
        concerned = sum(self.load.concerns(write, client) for client in range(self.clients))
        return concerned * PER_CLIENT

    def came(self, client: int, moment: float, frame: dict[str, Any]) -> None:
        """Enter one event; one that nobody should have got is kept in ``strays``."""
        number, subscription = frame["object"].get("number"), frame["requestId"] - 1
        fault = self._fault(client, number, frame)
        if fault is not None:
            self.strays.append(f"{fault}: {str(frame)[:300]}")
            return
        place = (number * self.clients + client) * PER_CLIENT + subscription
        self._seen[place] = min(255, self._seen[place] + 1)
        self.latencies.append(moment - self.sent[number])
        self.last[number] = max(moment, self.last.get(number, 0.0))

    def _fault(self, client: int, number: Any, frame: dict[str, Any]) -> str | None:
        if number not in self.sent:
            return "of a write that was not made"
        write = self.writes[number]
        if frame["op"] != ("create" if write.is_create else "update"):
            return "of another kind"
        if not self.load.concerns(write, client):
            return "to a client that it does not concern"
        if not write.is_create and frame["original"]["number"] != write.made_by:
            return "with another original state"
        return None

    def missed(self) -> int:
        """Count the events of sent writes that did not arrive."""
        return sum(self.due(self.writes[number]) for number in self.sent) - sum(
            map(bool, self._seen)
        )

    def doubled(self) -> int:
        """Count the events that arrived again."""
        return sum(count - 1 for count in self._seen if count > 1)

    def seconds(self) -> float:
        """Add up the seconds of all writes, each from its request to its last event."""
        return sum(self.last[number] - self.sent[number] for number in self.last)
