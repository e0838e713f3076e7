"""Whether a server that does not answer need be waited for, by what monitors know of all."""

from typing import Any

import pytest
from pymongo.hello import Hello
from pymongo.server_description import ServerDescription
from pymongo.topology_description import TOPOLOGY_TYPE, TopologyDescription

from parsepy.storage.driver.pulse import Pulse

HERE = ("a", 27017)
KINDS: dict[str, dict[str, Any]] = {
    "primary": {"ok": 1, "setName": "three", "isWritablePrimary": True},
    "secondary": {"ok": 1, "setName": "three", "secondary": True},
}


def pulse(**servers: str) -> Pulse:
    """A pulse whose monitors know these servers."""
    known: dict[tuple[str, int | None], ServerDescription] = {
        (host, 27017): ServerDescription((host, 27017), Hello(KINDS[kind]) if kind else None)
        for host, kind in servers.items()
    }
    found = TopologyDescription(
        TOPOLOGY_TYPE.ReplicaSetWithPrimary, known, "three", None, None, None
    )
    made = Pulse()
    made.topology = lambda: found
    return made


@pytest.mark.parametrize(
    ("servers", "of_primary", "of_any"),
    [
        ({"a": "primary", "b": "secondary"}, False, False),
        ({"a": "", "b": "secondary"}, False, False),  # nobody else is the primary yet
        ({"a": "", "b": "primary"}, True, True),
        ({"b": "primary", "c": "secondary"}, True, True),  # it is no member any more
        # it was heard to follow before it fell silent; who has asked it as such goes on waiting
        ({"a": "secondary", "b": "primary"}, True, False),
    ],
)
def test_a_server_is_left_when_another_is_the_primary(
    servers: dict[str, str], of_primary: bool, of_any: bool
) -> None:
    made = pulse(**servers)
    assert made.has_moved(HERE, is_primary=True) is of_primary
    assert made.has_moved(HERE, is_primary=False) is of_any


def test_without_monitors_nothing_has_moved() -> None:
    assert not Pulse().has_moved(HERE, is_primary=True)
