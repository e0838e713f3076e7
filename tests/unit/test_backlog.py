"""What waits in all websockets: counted once where it is shared, and bounded."""

from parsepy.http.backlog import Backlog

LARGE = b"x" * 1000


class Slow:
    """A socket whose client does not read."""

    def __init__(self) -> None:
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True


def test_what_many_wait_for_counts_once() -> None:
    backlog = Backlog(10_000)
    sockets = [Slow() for _ in range(100)]
    for socket in sockets:
        backlog.put(socket, 1010, [LARGE])
    assert backlog.size == 1000 + 100 * 10
    for socket in sockets[1:]:
        backlog.remove(socket)
    assert backlog.size == 1010
    backlog.remove(sockets[0])
    backlog.remove(sockets[0])
    assert backlog.size == 0


def test_who_has_not_read_for_longest_is_cut_first() -> None:
    backlog = Backlog(2500)
    first, second, third = Slow(), Slow(), Slow()
    backlog.put(first, 1000, [])
    backlog.put(second, 1000, [])
    backlog.put(first, 1200, [])
    assert backlog.size == 2200
    backlog.put(third, 1000, [])
    assert [first.is_cut, second.is_cut, third.is_cut] == [True, False, False]
    assert backlog.size == 2000


def test_one_alone_may_wait_for_a_message_of_any_size() -> None:
    backlog = Backlog(100)
    only = Slow()
    backlog.put(only, 5000, [])
    assert not only.is_cut


def test_half_messages_are_bounded_in_all() -> None:
    backlog = Backlog(100, most_incoming=10)
    backlog.incoming += 11
    assert backlog.is_full
