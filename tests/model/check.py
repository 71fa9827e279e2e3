"""`make model SEQUENCES=20000`: tells stories on all cores and says what they came to; one that differs is named, and replays exactly."""

import argparse
import logging
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from .story import REQUESTS, Differs, tell

CHUNK = 25
SHOWN = 3


def tell_some(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Tell `count` stories; what happened in them, and which differ."""
    logging.disable(logging.CRITICAL)
    happened, differing = Counter[str](), []
    for seed in range(first, first + count):
        try:
            happened += tell(seed)
        except Differs as error:
            differing.append(str(error))
    return happened, differing


def tell_all(first: int, count: int) -> int:
    """Tell all stories, a chunk at a time on each core."""
    started = shown = time.monotonic()
    happened, told, differing = Counter[str](), 0, 0
    with ProcessPoolExecutor(os.cpu_count()) as cores:
        sizes = {seed: min(CHUNK, first + count - seed) for seed in range(first, first + count, CHUNK)}
        chunks = {cores.submit(tell_some, seed, size): size for seed, size in sizes.items()}
        for chunk in as_completed(chunks):
            more, wrong = chunk.result()
            for one in wrong[: max(0, SHOWN - differing)]:
                print(one, flush=True)
            happened, told, differing = happened + more, told + chunks[chunk], differing + len(wrong)
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f"{told:,} of {count:,}, {told / (shown - started):,.0f}/s", flush=True)
    for what, number in sorted(happened.items()):
        print(f"  {what}: {number:,}")
    print(f"{count:,} sequences of {REQUESTS} requests, each compared with the independent model: {differing:,} differ")
    return 1 if differing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000, help="how many stories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    return tell_all(given.first, given.sequences)


if __name__ == "__main__":
    sys.exit(main())
