"""What notices cost: write units of one, and the processor time of a sweep that makes them."""

from collections.abc import Callable
from functools import partial
from typing import Final

from chalicelib.domain.notice_days import NoticeDays

from .counted import prepared
from .fleet import Fleet
from .report import Budget
from .service import DAY
from .split import counts, forget
from .timed import MICRO, behind_botocore, in_turns

DAYS: Final = NoticeDays((7, 1))
_PLAIN: Final = "without notices"


def write_units() -> list[Budget]:
    """Of a notice, and of what a sweep reads when nothing is to be told."""
    wanted = Fleet(2000, due=3)
    units, reads = zip(*(_swept(wanted, days) for days in (None, NoticeDays(), DAYS)), strict=True)
    notices = _notices_made(wanted)
    if not notices:
        raise RuntimeError("no notice was made")
    return [
        Budget("write units of a notice", (units[2] - units[0]) / notices, limit=2),
        Budget("read units of a sweep without days of notice", reads[1], "", reads[0], "without notices at all", 1, of_ratio=True),
    ]


def _swept(wanted: Fleet, days: NoticeDays | None) -> tuple[float, float]:
    stores, service = prepared(wanted)
    service.services = service.services._replace(notices=days)
    forget(stores.own, stores.shared)
    service.evaluate(DAY)
    own, shared = counts(stores.own), counts(stores.shared)
    return own.write_units + shared.write_units, own.read_units + shared.read_units


def _notices_made(wanted: Fleet) -> int:
    stores, service = prepared(wanted)
    service.services = service.services._replace(notices=DAYS)
    service.evaluate(DAY)
    return sum("notice" in item for store in (stores.own, stores.shared) for item in store.items("history"))


def time(assignments: int, rounds: int) -> list[Budget]:
    """A sweep with notices of two dates, against the same one without; where everything is due, and where 3 % are."""
    found = []
    for due in (100, 3):
        wanted = Fleet(assignments, due=due)
        timed = behind_botocore(wanted)
        measures: list[Callable[[], float]] = [partial(timed.sweep, wanted, notices=days) for days in (DAYS, None)]
        told, plain = (seconds / assignments * MICRO for seconds in in_turns(rounds, *measures))
        found.append(Budget(f"CPU an assignment, two days of notice, {due} % due", told, "µs", plain, _PLAIN, 1.5, of_ratio=True))
    return found
