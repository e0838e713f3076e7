"""`make fuzz SECONDS=600 SEED=1`: play traces until the time is over, and print what is wrong."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import QuickMongo, folder_in_memory
from tests.fuzz.runs import fuzzed, run
from tests.hostile.served import ends_with_its_children, memory_of


def main() -> int:
    """Start a MongoDB and a server, and fuzz it."""
    ends_with_its_children()
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--no-shrink", action="store_true", help="print faults as they were found")
    given = parser.parse_args()
    memory = folder_in_memory()
    with tempfile.TemporaryDirectory(dir=memory) as kept:
        folder = Path(kept)
        with QuickMongo.start(folder / "data") as mongo, fuzzed(mongo.uri, folder) as server:
            start = memory_of(server.pid)
            print(f"seed {given.seed}", flush=True)
            done = run(server, given.seconds, given.seed, shrinks=not given.no_shrink)
            end = memory_of(server.pid)
    if memory is not None:
        memory.rmdir()
    print("\n\n".join(done.wrong))
    print(
        f"{done.traces} traces, {done.steps} steps, {len(done.wrong)} faults; a bystander waited "
        f"{done.waited * 1000:.0f} ms at most (by what the machine gave), memory {start:.0f} to "
        f"{end:.0f} MiB"
    )
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
