"""What `apply_work` and `record_usage` do, and what they need for that: as `features` has it of the other functions."""

from collections.abc import Callable

from tests.api.support import day, ok, unique, unique_did
from tests.deploy.features import Feature, Sample, anew, apply_all_of, calls, do_all_of, message
from tests.deploy.files import an_import, some_packages


def apply_assignments(s: Sample) -> str:
    """One of a number, debited for yesterday, one of free minutes."""
    head = "customer_id,package_id,package,did,start_date,free_minutes,auto_decrement_credit\n"
    rows = f"{s.empty},{s.assigned['package_id']},,{unique_did()},{day(-1)},,true\n{s.empty},,{s.minutes['name']},,{day(-1)},5,\n"
    return apply_all_of(s, an_import(s, "assignments", head + rows))


def change_assignments(s: Sample) -> str:
    """Another quantity of one that stands."""
    one = s.begun
    text = f"customer_id,assignment_id,quantity\n{one['customer_id']},{one['assignment_id']},{next(s.quantities)}\n"
    return apply_all_of(s, an_import(s, "assignments", text))


def begin_to_apply(s: Sample) -> None:
    anew(s, "apply_work")
    apply_all_of(s, some_packages(s))


def undo(s: Sample, apply: Callable[[Sample], str]) -> None:
    """Something is applied, and taken back."""
    do_all_of(s, str(ok(s.api.post(f"/imports/{apply(s)}/undo"), 202)["work"]["work_id"]), "apply_work")


def reindex(s: Sample) -> None:
    """All customers, in as many segments as the sample's stack has, then all packages."""
    work_id = str(ok(s.api.post("/reindex"), 202)["work_id"])
    do_all_of(s, work_id, "apply_work")


APPLY_WORK: dict[str, Feature] = {
    "apply packages": Feature(
        "apply-work:M catalog:BP do-work:M history:P results:RW runs:GPQU", lambda s: apply_all_of(s, some_packages(s))
    ),
    "apply customers": Feature(
        "accounts:BP apply-work:M catalog:P do-work:M history:P results:RW runs:GPQU",
        lambda s: apply_all_of(s, an_import(s, "customers", f"customer_id\n{unique('customer')}\n")),
    ),
    "apply assignments": Feature(
        "accounts:BPQU apply-work:M catalog:BPQU do-work:M history:P ledger:P results:RW runs:BGPQU usage:B", apply_assignments
    ),
    "change assignments": Feature(
        "accounts:BU apply-work:M catalog:B do-work:M history:P ledger:B results:RW runs:BCGPQU", change_assignments
    ),
    "undo a change": Feature(
        "accounts:BU apply-work:M catalog:B do-work:M history:PQ ledger:B results:RW runs:BCGPQU", lambda s: undo(s, change_assignments)
    ),
    "undo assignments": Feature(
        "accounts:BDPQU apply-work:M catalog:BGPQU do-work:M history:P ledger:BPQU results:RW runs:BGPQU usage:B",
        lambda s: undo(s, apply_assignments),
    ),
    "reindex": Feature("accounts:S apply-work:M catalog:BQ do-work:M history:P results:W runs:GPQU", reindex),
    "begin": Feature("apply-work:M catalog:BGP do-work:M history:P results:RW runs:GPQU", begin_to_apply, is_slow=True),
}
"""Each ends a work, and gives out the first message of another one that nobody has seen (`unseen`)."""


def pushed(s: Sample, customer: str) -> None:
    message(s, "record_usage", {"customer": customer, "calls": calls()})


def a_new_recorder(s: Sample) -> None:
    anew(s, "record_usage")
    pushed(s, s.customer)


RECORD_USAGE: dict[str, Feature] = {
    "record a call": Feature("accounts:QU usage:BPU", lambda s: pushed(s, s.customer)),
    "record a free call": Feature("accounts:QU catalog:B history:P usage:BPU", lambda s: pushed(s, s.caller)),
    "record a call whose minutes wait": Feature("accounts:QU catalog:B ledger:B usage:BPU", lambda s: pushed(s, s.waiting)),
    "record a free call among many assignments": Feature(
        "accounts:BQU accounts/index/minutes:Q catalog:B history:P usage:BPU", lambda s: pushed(s, s.fleet)
    ),
    "begin": Feature("catalog:G", a_new_recorder, is_slow=True),
}
