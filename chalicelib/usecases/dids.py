"""DIDs: who has one from when to when, and that no two customers have it at the same time."""

from collections.abc import Iterable, Sequence

from ..domain.assignment import Assignment
from ..domain.errors import Conflict
from ..domain.tenure import DidTenure, clash, tenure_of
from ..storage import did_tenures
from ..storage.db import Action, Db
from ..storage.did_tenures import DidTenures


def free_tenures(db: Db, new: Assignment) -> DidTenures:
    """The tenures of the assignment's DID. Raises `Conflict` did_in_use when another customer has it at the same time."""
    tenures = did_tenures.find_tenures(db, new.did or "")
    _demand_no_clash(tenures.all, new)
    return tenures


def change_tenures(tenures: DidTenures, changed: Sequence[Assignment]) -> list[Action]:
    """Write the tenures that these assignments of the DID have now, beside those of others; cancelled ones have none."""
    others = _tenures_of_others(tenures, changed)
    return did_tenures.write_tenures(tenures, [*others, *(tenure_of(one) for one in changed if not one.cancelled)])


def remove_tenure(db: Db, gone: Assignment) -> list[Action]:
    """Remove the assignment's tenure of its DID."""
    tenures = did_tenures.find_tenures(db, gone.did or "")
    return did_tenures.write_tenures(tenures, _tenures_of_others(tenures, [gone]))


def exchange_tenures(db: Db, gone: Sequence[Assignment], new: Sequence[Assignment]) -> list[Action]:
    """The tenures of one DID with those of `new` in place of those of `gone` and their own. Raises `Conflict` did_in_use."""
    did = new[0].did
    if did is None:
        return []
    tenures = did_tenures.find_tenures(db, did)
    others = _tenures_of_others(tenures, [*gone, *new])
    for one in new:
        _demand_no_clash(others, one)
    return did_tenures.write_tenures(tenures, [*others, *(tenure_of(one) for one in new if not one.cancelled)])


def _demand_no_clash(tenures: Iterable[DidTenure], new: Assignment) -> None:
    taken = clash(tenures, new)
    if taken:
        raise Conflict(taken.detail, code="did_in_use", for_readers=taken.for_readers, **taken.extra)


def _tenures_of_others(tenures: DidTenures, own: Sequence[Assignment]) -> list[DidTenure]:
    ids = {one.assignment_id for one in own}
    return [tenure for tenure in tenures.all if tenure.assignment_id not in ids]
