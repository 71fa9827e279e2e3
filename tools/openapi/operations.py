"""What the routes don't say of themselves: models, answers, and the conflicts that each can end in. One row an operation."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chalicelib.wire import bodies
from chalicelib.wire.bodies import Body

from . import answers
from .schemas import NOTHING_MORE


class Operation(NamedTuple):
    """`page` says that the answer is a page of `answer`; `also` are further statuses that succeed, `conflicts` the codes
    of refusals that the state of things brings, `invalid` further codes of bad requests. `seeks` says whether something may be
    not found; by default what has ids in its path. `of_page` are fields that a page may have besides.
    """

    tag: str
    answer: Any = None
    status: int = 200
    body: type[Body] | None = None
    page: bool = False
    also: tuple[int, ...] = ()
    conflicts: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    seeks: bool | None = None
    notes: str = ""
    media: str = "application/json"
    tagged_text: bool = False
    of_page: Mapping[str, Any] = NOTHING_MORE


TAGS: Final = {
    "Packages": "Products, priced once and assigned many times.",
    "Customers": "Who is charged: credit, payments, ledger.",
    "Assignments": "Which customer, or which of its numbers, has which package from when to when.",
    "Usage": "Calls, free minutes, spend.",
    "Runs": "Run Package: what is due on a date, simulated or posted; daily runs; reversals.",
    "Service": "The service itself.",
}
_FILE: Final = "The columns are the fields of one; every faulty row is named, and nothing is written unless all are right."
_BACKLOG = ("backlog", "backlog_too_long", "parked")

_BY_POSTING: Final = (
    "What `posted_from` and `posted_to` select never changes once the answer says `closed: true`, from 15 minutes after the last "
    "day's end on: ask by them for an invoice. However it is asked for, entries come by due date, then by kind: setup, recurring, "
    "minimum spend, payment, reversal."
)

OPERATIONS: Final = {
    "health": Operation("Service", answers.Health),
    "read_document": Operation("Service", dict[str, Any], tagged_text=True),
    "read_docs": Operation("Service", str, media="text/html", tagged_text=True),
    "read_docs_file": Operation("Service", str, media="text/*", tagged_text=True),
    "create_package": Operation("Packages", answers.SavedPackage, 201, bodies.NewPackageBody),
    "import_packages": Operation("Packages", answers.ImportedPackages, also=(201,), seeks=False, invalid=("too_many",), notes=_FILE),
    "check_packages": Operation("Packages", answers.ImportedPackages, seeks=False, invalid=("too_many",),
                                notes=f"As `POST /packages/import` with `dry_run=true`. {_FILE}"),
    "list_packages": Operation("Packages", answers.Package, page=True),
    "read_package": Operation("Packages", answers.Package),
    "replace_package": Operation("Packages", answers.SavedPackage, body=bodies.PackageBody, conflicts=("package_in_use",)),
    "change_package": Operation("Packages", answers.SavedPackage, body=bodies.PackageBody, conflicts=("package_in_use",)),
    "delete_package": Operation("Packages", status=204, conflicts=("package_in_use",)),
    "preview": Operation("Packages", answers.Preview, notes="Either `to` or `count` is needed."),
    "package_schedule": Operation("Packages", answers.DueDates,
                                  notes="At most 10 years. `from` may lie before `start`, and is it if left out."),
    "write_customer": Operation("Customers", answers.SavedCustomer, body=bodies.CustomerBody, also=(201,),
                                conflicts=("currency_fixed",), seeks=False),
    "change_customer": Operation("Customers", answers.SavedCustomer, body=bodies.CustomerBody, conflicts=("currency_fixed",)),
    "read_customer": Operation("Customers", answers.Customer),
    "list_customers": Operation("Customers", answers.Customer, page=True),
    "delete_customer": Operation("Customers", status=204, conflicts=("customer_in_use",)),
    "pay": Operation("Customers", answers.BookedPayment, 201, bodies.PaymentBody),
    "read_ledger": Operation("Customers", answers.LedgerEntry, page=True, of_page={"closed": {"type": "boolean"}}, notes=_BY_POSTING),
    "list_held": Operation("Customers", answers.LedgerEntry, page=True, seeks=True),
    "cancel_held": Operation("Customers", answers.LedgerEntry, conflicts=("not_held",)),
    "unpark": Operation("Customers", answers.SavedCustomer, conflicts=("not_parked",)),
    "read_features": Operation("Customers", answers.Features),
    "create_assignment": Operation("Assignments", answers.SavedAssignment, 201, bodies.AssignmentBody,
                                   conflicts=("minimum_days", "did_in_use", *_BACKLOG)),
    "import_assignments": Operation("Assignments", answers.ImportedAssignments, also=(201,), seeks=False,
                                    invalid=("too_many",), notes=_FILE),
    "check_assignments": Operation("Assignments", answers.ImportedAssignments, seeks=False, invalid=("too_many",),
                                   notes=f"As `POST /assignments/import` with `dry_run=true`. {_FILE}"),
    "list_assignments": Operation("Assignments", answers.Assignment, page=True),
    "read_assignment": Operation("Assignments", answers.Assignment),
    "change_assignment": Operation("Assignments", answers.SavedAssignment, body=bodies.AssignmentBody,
                                   conflicts=("charged", "ended", "not_evaluated", "minimum_days", "did_in_use", *_BACKLOG)),
    "end_assignment": Operation("Assignments", answers.EndedAssignment, also=(204,), conflicts=("minimum_days",),
                                notes="204, or 200 with `warnings` when charges of days after the end stand."),
    "list_assignments_of_package": Operation("Assignments", answers.Assignment, page=True),
    "list_assignments_of_did": Operation("Assignments", answers.Assignment, page=True),
    "record_usage": Operation("Usage", answers.RatedCalls, body=bodies.UsageBody, conflicts=("call_id_reused",)),
    "read_usage": Operation("Usage", answers.UsageDay, page=True),
    "read_minutes": Operation("Usage", answers.MinutesOfDay),
    "run": Operation("Runs", answers.AnyReport, body=bodies.RunBody, also=(202,), conflicts=("run_id_reused", "parked"),
                     invalid=("too_many",), seeks=True,
                     notes="A live run of all customers, of more than 500 lines, or of a customer with more than 1,000 assignments, "
                     "goes on in the background: 202, then poll `Location`. A simulation stores nothing and ignores `Idempotency-Key`."),
    "simulate": Operation("Runs", answers.AnySimulation, body=bodies.SimulationBody, invalid=("too_many",), seeks=True,
                          notes="As `POST /runs` with `simulate: true`, at a path of its own: it stores nothing and needs to read only."),
    "list_runs": Operation("Runs", answers.Run, page=True),
    "read_run": Operation("Runs", answers.AnyRun, conflicts=("in_progress",), notes="As CSV, a run that is under way is `in_progress`."),
    "list_run_lines": Operation("Runs", answers.Line, page=True),
    "reverse_run": Operation("Runs", answers.AnyReversal, also=(202,), conflicts=("not_reversible", "running"),
                             notes="A run of all customers, or of more than 500 lines, is reversed in the background: 202, then poll "
                             "`Location`, whose `reversal` says how far it is. Asked again, it completes what failed."),
}  # fmt: skip

NO_LOCATION: Final = ("pay", "import_packages", "import_assignments")
"""Made by a POST or PUT, but with no address of their own."""
