"""`python -m tests.hostile.flood --requests 100000`: very many hostile requests to one shop.

Shapes and sizes of `shapes.py` come by chance, most of them small, one in `LARGE` of the whole
table, sent by a few clients at once. Printed: answers by status, the longest wait of a bystander,
the longest turn of the server's loop, and the server's memory before and after. Ends with 1 if
there was an answer of 500 or above, if the bystander got anything but 200, or if a bound was
crossed.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import QuickMongo, folder_in_memory
from tests.hostile.bystander import Machine
from tests.hostile.served import Shop, ends_with_its_children, served
from tests.hostile.shapes import SHAPES, Hostile, requests, shaped

LONGEST_WAIT = 1.0
"""Seconds of a bystander, on a machine that does nothing else."""
MORE_MEMORY = 200.0
"""MiB that the server may hold at the end beyond what it held after a tenth of the requests."""
SIZES = (1, 2, 5, 10, 20, 30, 50, 80, 150, 300)
LARGE = 1_000
ROWS = 500
"""Elements of the largest array that is stored: a hundredth of what test_bystander has."""
EVERY = 1_000
CLIENTS = 8
LONGEST_TURN = CLIENTS * 0.01 + 0.02
"""Seconds of CPU time: the longest step of one request, a step of each of the others that may come
in the same turn, and the tick of 5 ms by which turns are measured. test_bystander, which sends one
request at a time, holds 30 ms."""
PAUSE = 0.1
"""Seconds between the bystander's requests: ten milliseconds would be most of the work."""


def flood(count: int, chance: random.Random) -> Iterator[Hostile]:
    """So many requests, as chance says."""
    small = [one for name in SHAPES for size in SIZES if (one := shaped(name, size)) is not None]
    large = list(requests())
    for _ in range(count):
        yield chance.choice(large if chance.randrange(LARGE) == 0 else small)


class Sent:
    """What came of the requests, counted by several clients."""

    def __init__(self, hostile: Iterator[Hostile]) -> None:
        self._hostile, self._lock = hostile, threading.Lock()
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def send(self, shop: Shop, count: int) -> None:
        """Send so many requests from several clients at once, each on a connection of its own."""
        left = iter(range(count))
        clients = [
            threading.Thread(target=self._client, args=(shop.another(), left))
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _client(self, shop: Shop, left: Iterator[int]) -> None:
        while True:
            with self._lock:
                hostile = next(self._hostile) if next(left, None) is not None else None
            if hostile is None:
                break
            try:
                status = shop.attack(hostile)
            except OSError as error:
                self.wrong.append(f"{hostile.name}: {error!r}")
                continue
            with self._lock:
                self.statuses[status] += 1
            if status >= 500:
                self.wrong.append(f"{hostile.name}: {status}")
        shop.close()


def attacked(shop: Shop, count: int, seconds: float, seed: int) -> bool:
    """Send the flood, so many requests or so long, and print the figures; did everything hold?"""
    sent = Sent(flood(count, random.Random(seed)))
    shop.bystander.every = PAUSE
    machine, worst, longest, turn = Machine(0.1), 0.0, 0.0, 0.0
    start = warm = shop.memory()
    begun = time.monotonic()
    for number in range(0, count, EVERY):
        if time.monotonic() - begun > seconds:
            print("the time is over")
            break
        with shop.bystander.asking() as waits:
            sent.send(shop, min(EVERY, count - number))
        sent.wrong += waits.failed
        stretch, last = machine.stretch(), shop.turn()
        turn = max(turn, last)
        longest = max(longest, waits.longest)
        worst = max(worst, waits.longest / stretch)
        warm = shop.memory() if number <= count / 10 else warm
        print(
            f"{sent.statuses.total():7} requests, {time.monotonic() - begun:6.0f} s, memory "
            f"{shop.memory():5.0f} MiB, worst wait {waits.longest * 1000:5.0f} ms (machine "
            f"{stretch:.1f} times slower), longest turn {last * 1000:.0f} ms of CPU",
            flush=True,
        )
    machine.close()
    end = shop.memory()
    print(f"answers: {dict(sorted(sent.statuses.items()))}")
    print(f"5xx: {sum(many for status, many in sent.statuses.items() if status >= 500)}")
    print(
        f"worst wait of a bystander: {longest * 1000:.0f} ms by the clock, {worst * 1000:.0f} ms "
        f"by what the machine gave; longest turn: {turn * 1000:.0f} ms of CPU"
    )
    print(f"memory: {start:.0f} MiB before, {warm:.0f} after a tenth, {end:.0f} at the end")
    print("\n".join(sent.wrong[:50]))
    held = worst <= LONGEST_WAIT and turn <= LONGEST_TURN and end - warm < MORE_MEMORY
    return held and not sent.wrong


def main() -> int:
    """Start a MongoDB and a shop, and attack it."""
    ends_with_its_children()
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.hostile.flood")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after these")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    memory = folder_in_memory()
    with tempfile.TemporaryDirectory(dir=memory) as kept:
        folder = Path(kept)
        with QuickMongo.start(folder / "data") as mongo, served(mongo.uri, folder, ROWS) as shop:
            held = attacked(shop, given.requests, given.seconds, given.seed)
    if memory is not None:
        memory.rmdir()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
