"""`python -m tests.hostile.flood --requests 100000`: very many hostile requests, one after another.

Every shape of `shapes.py` comes in its large sizes first, then shapes and sizes at random until the
number is reached. Printed at the end: answers by status, the longest wait of a bystander, the
longest turn of the server's loop, and the server's memory before and after. Ends with 1 if there
was an answer of 500 or above, if the bystander got anything but 200, or if a bound was crossed.
"""

import argparse
import random
import sys
import tempfile
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
LONGEST_TURN = 0.055
MORE_MEMORY = 200.0
"""MiB that the server may hold at the end beyond what it held after every shape had come once."""
SIZES = (1, 5, 10, 20, 30, 50, 80, 150, 300, 900)
EVERY = 1_000
PAUSE = 0.1
"""Seconds between the bystander's requests: ten milliseconds would be most of the work."""


def flood(count: int, chance: random.Random) -> Iterator[Hostile]:
    """So many requests: the table, then what chance says."""
    for hostile in requests():
        yield hostile
        count -= 1
    made = [shaped(name, size + chance.randrange(5)) for name in SHAPES for size in SIZES]
    some = [hostile for hostile in made if hostile is not None]
    for _ in range(count):
        yield chance.choice(some)


def attacked(shop: Shop, count: int, seed: int) -> bool:
    """Send the flood and print the figures; did everything hold?"""
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    shop.bystander.every = PAUSE
    machine, worst, longest, turn, stretch = Machine(0.1), 0.0, 0.0, 0.0, 1.0
    start = warm = shop.memory()
    begun = time.monotonic()
    for number, hostile in enumerate(flood(count, random.Random(seed))):
        if number % EVERY == 0:
            bystander = shop.bystander.asking()
            waits = bystander.__enter__()
        status = shop.attack(hostile)
        statuses[status] += 1
        if status >= 500:
            wrong.append(f"{hostile.name} (request {number}): {status}")
        if number % EVERY < EVERY - 1 and number < count - 1:
            continue
        bystander.__exit__(None, None, None)
        wrong += waits.failed
        turn, stretch = max(turn, shop.turn()), machine.stretch()
        longest = max(longest, waits.longest)
        worst = max(worst, waits.longest / stretch)
        warm = shop.memory() if number < EVERY else warm
        print(
            f"{number + 1:7} requests, {time.monotonic() - begun:6.0f} s, memory "
            f"{shop.memory():5.0f} MiB, worst wait {waits.longest * 1000:5.0f} ms "
            f"(machine {stretch:.1f} times slower)",
            flush=True,
        )
    machine.close()
    end = shop.memory()
    print(f"answers: {dict(sorted(statuses.items()))}")
    print(f"5xx: {sum(many for status, many in statuses.items() if status >= 500)}")
    print(
        f"worst wait of a bystander: {longest * 1000:.0f} ms by the clock, {worst * 1000:.0f} ms "
        f"by what the machine gave; longest turn: {turn * 1000:.0f} ms of CPU"
    )
    print(
        f"memory: {start:.0f} MiB before, {warm:.0f} after every shape once, {end:.0f} at the end"
    )
    print("\n".join(wrong[:50]))
    return not wrong and worst <= LONGEST_WAIT and turn <= LONGEST_TURN and end - warm < MORE_MEMORY


def main() -> int:
    """Start a MongoDB and a shop, and attack it."""
    ends_with_its_children()
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.hostile.flood")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    memory = folder_in_memory()
    with tempfile.TemporaryDirectory(dir=memory) as kept:
        folder = Path(kept)
        with QuickMongo.start(folder / "data") as mongo, served(mongo.uri, folder) as shop:
            held = attacked(shop, given.requests, given.seed)
    if memory is not None:
        memory.rmdir()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
