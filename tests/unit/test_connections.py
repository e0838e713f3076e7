"""Who keeps the server waiting is closed; who is idle makes room for others."""

from typing import Any

import pytest

from parsepy.cli import connections
from parsepy.cli.connections import ConnectionLimits, ConnectionTable, Phase, counts
from parsepy.cli.descriptors import most_connections

LIMITS = ConnectionLimits(
    connections=40, per_address=2, headers=60, body=300, idle=75, least_rate=500
)


class Connection:
    """A connection, as the table sees it; ``said`` is what the table did to it."""

    def __init__(self, phase: Phase = Phase.HEAD) -> None:
        self.phase = phase
        self.ticks = self.content = self.mark = self.number = self.unread = 0
        self.is_held_up = self.is_upload = False
        self.said = ""

    def time_out(self) -> None:
        self.said = "timed out"

    def end(self) -> None:
        self.said = "ended"

    def abort(self) -> None:
        self.said = "aborted"


def after(seconds: int, connection: Connection, grows: int = 0) -> str:
    """What has become of a connection after so many looks."""
    table = ConnectionTable(LIMITS, [])
    assert table.admit(connection, "127.0.0.1")
    for _ in range(seconds):
        connection.content += grows
        table.look()
    return connection.said


def test_k5_headers_must_come_in_time() -> None:
    assert after(60, Connection()) == ""
    assert after(61, Connection()) == "timed out"


def test_k5_a_connection_may_be_idle_for_so_long() -> None:
    assert after(75, Connection(Phase.IDLE)) == ""
    assert after(76, Connection(Phase.IDLE)) == "ended"


def test_k5_an_idle_one_whose_answer_is_not_read_is_cut_off() -> None:
    deaf = Connection(Phase.IDLE)
    deaf.unread = 1000
    assert after(76, deaf) == "aborted"


@pytest.mark.parametrize(("grows", "said"), [(0, "timed out"), (499, "timed out"), (500, "")])
def test_k5_a_body_must_go_on_coming(grows: int, said: str) -> None:
    assert after(30, Connection(Phase.BODY), grows) == said


def test_k5_a_body_may_take_five_minutes_but_an_upload_as_long_as_it_likes() -> None:
    assert after(330, Connection(Phase.BODY), 1000) == "timed out"
    upload = Connection(Phase.BODY)
    upload.is_upload = True
    assert after(330, upload, 1000) == ""


def test_k5_who_waits_for_the_server_has_all_time() -> None:
    held = Connection(Phase.BODY)
    held.is_held_up = True
    assert after(330, held) == ""
    assert after(330, Connection(Phase.ANSWER)) == ""


def test_k5_an_answer_must_be_read_on() -> None:
    deaf = Connection(Phase.ANSWER)
    deaf.unread = 1000
    assert after(60, deaf) == "aborted"


def test_k5_what_waits_for_all_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_UNREAD", 1000)
    table = ConnectionTable(LIMITS, [])
    found = [Connection(Phase.ANSWER) for _ in range(3)]
    for connection, unread in zip(found, (500, 900, 400), strict=True):
        table.admit(connection, "127.0.0.1")
        connection.unread = unread
    table.look()
    assert [each.said for each in found] == ["", "aborted", ""]


def test_k5_the_longest_idle_makes_room_and_without_one_nobody_is_let_in() -> None:
    everybody: list[Any] = []
    table = ConnectionTable(LIMITS, everybody)
    idle, busy = Connection(Phase.IDLE), Connection(Phase.ANSWER)
    for connection in (busy, idle, *(Connection() for _ in range(38))):
        everybody.append(connection)
        assert table.admit(connection, "10.0.0.1")
    idle.ticks = 5
    everybody.append(Connection())
    assert table.admit(everybody[-1], "10.0.0.1")
    assert [each.said for each in everybody[:4]] == ["", "ended", "ended", ""]
    for connection in everybody:
        connection.phase = Phase.ANSWER
    everybody.append(Connection())
    assert not table.admit(everybody[-1], "10.0.0.1")


def test_k5_a_public_address_has_so_many_connections() -> None:
    table = ConnectionTable(LIMITS, [], lambda address: address == "8.8.4.4")
    for expected in (True, True, False):
        assert table.admit(Connection(), "8.8.8.8") is expected
    table.release("8.8.8.8")
    assert table.admit(Connection(), "8.8.8.8")
    for address in ("8.8.4.4", "192.168.1.1"):  # a proxy, and who may be one
        assert all(table.admit(Connection(), address) for _ in range(5))


@pytest.mark.parametrize(
    ("address", "is_counted"),
    [("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("fe80::1%eth0", False)],
)
def test_k5_private_addresses_may_stand_for_many(address: str, is_counted: bool) -> None:
    assert counts(address) is is_counted
    assert not counts("")


@pytest.mark.parametrize(
    ("descriptors", "most"), [(None, 20_000), (1024, 768), (100, 50), (1_000_000, 20_000)]
)
def test_k5_there_are_no_more_connections_than_descriptors(
    descriptors: int | None, most: int
) -> None:
    assert most_connections(20_000, descriptors) == most
