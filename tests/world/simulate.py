"""`make simulate SEEDS=100000`: plays worlds on all cores and says what they came to; a broken one is named, and replays exactly."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from .simulation import Tally, run
from .watch import Broken

CHUNK = 50


def play(first: int, count: int) -> tuple[Tally, list[str]]:
    """Play `count` seeds; what they came to, and what is broken."""
    tally, broken = Tally(0, 0, Counter(), Counter(), Counter()), []
    for seed in range(first, first + count):
        try:
            tally = tally.plus(run(seed))
        except Broken as error:
            broken.append(str(error))
    return tally, broken


def play_all(first: int, count: int) -> int:
    """Play all seeds, a chunk at a time on each core."""
    started, told = time.monotonic(), 0.0
    tally = Tally(0, 0, Counter(), Counter(), Counter())
    failures = 0
    with ProcessPoolExecutor(os.cpu_count()) as cores:
        chunks = [cores.submit(play, seed, min(CHUNK, first + count - seed)) for seed in range(first, first + count, CHUNK)]
        for chunk in as_completed(chunks):
            more, broken = chunk.result()
            tally, failures = tally.plus(more), failures + len(broken)
            for one in broken[:3]:
                print(one, flush=True)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{tally.schedules + failures:,} of {count:,}, {tally.schedules / (told - started):,.0f}/s", flush=True)
    for kind, number in sorted(tally.faults.items()):
        print(f"  fault {kind}: {number:,}")
    for kind, number in sorted(tally.edits.items()):
        print(f"  {kind}: {number:,}")
    for name, number in sorted(tally.checked.items()):
        print(f"  checked that {name}: {number:,}")
    print(tally.sentence() if not failures else f"{failures:,} of {count:,} schedules broke an invariant")
    return 1 if failures else 0


def replay(seed: int) -> int:
    """Play one seed and tell all of it."""
    try:
        print(run(seed, traced=True).sentence())
    except Broken as error:
        print(error)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one, with all its calls")
    given = parser.parse_args()
    return play_all(given.first, given.seeds) if given.seed is None else replay(given.seed)


if __name__ == "__main__":
    sys.exit(main())
