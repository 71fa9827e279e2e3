"""What the routes don't say of themselves: bodies, and the conflicts that each can end in. One row an operation."""

from typing import Final, NamedTuple

from chalicelib.wire import (
    assignment_bodies,
    bodies,
    change_bodies,
    closing_bodies,
    forecast_bodies,
    ledger_bodies,
    replacement_bodies,
    work_bodies,
)
from chalicelib.wire.bodies import Body
from chalicelib.wire.customer_bodies import CustomerBody
from chalicelib.wire.prices import PriceListBody


class Operation(NamedTuple):
    """`also` are further statuses that succeed, `conflicts` the codes of refusals that the state of things brings, `invalid` further
    codes of bad requests. `seeks` says whether something may be not found; by default what has ids in its path.

    What is answered is said by the return type of the view; where that is nothing, the status is 204.
    """

    tag: str
    status: int = 200
    body: type[Body] | None = None
    also: tuple[int, ...] = ()
    conflicts: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    seeks: bool | None = None
    notes: str = ""
    media: str = "application/json"
    tagged_text: bool = False


TAGS: Final = {
    "Packages": "Products, priced once and assigned many times.",
    "Customers": "Who is charged: credit, payments, ledger.",
    "Assignments": "Which customer, or which of its numbers, has which package from when to when.",
    "Usage": "Calls, free minutes, spend.",
    "Runs": "Run Package: what is due on a date, simulated or posted; daily runs; reversals.",
    "Exports": "What all customers have, as files; long work, which makes them.",
    "Audits": "What was due, compared with what was posted.",
    "Changes": "Terms, ends, replacements and prices of many at once: tried, applied, undone.",
    "Reconciliations": "What the carrier lists, compared with what is billed.",
    "Imports": "Files of any size, checked and applied in the background.",
    "Forecasts": "What the days to come bring, by the planner that posts.",
    "Service": "The service itself.",
}
_FILE: Final = (
    "The columns are the fields of one. A row with the id of what stands changes it, as a PATCH does; columns that only answers have "
    "are passed over. Faults are named by row and column, up to 200 of them, and nothing is written unless all rows are right. "
    "What doesn't fit into one transaction, or is more than 1,000 rows to check, is done in the background: 202 with an import, then poll "
    "`Location`."
)
_PRICE_LIST: Final = (
    "A price list that begins on the same day is replaced. With `correct=true` and a `reason`, `from` need not be an open day: "
    "existing charges do not change, what is not charged yet uses the corrected prices, and what was not due before is charged by the "
    "next daily evaluation."
)
_TERMS: Final = (
    "An entry that begins on the same day keeps the fields that are left out, but not its `until`. With `correct=true` and a "
    "`reason`, `from` need not be an open day: existing charges do not change, and what becomes due is posted."
)
_CLOSING: Final = (
    "With `dry_run=true` nothing is written, and `assignments` can be left out. To carry it out, send the assignments that were shown, "
    "each with its version: what has changed since is told and left as it is. Sent again, it goes on where it stopped."
)
_FILE_CONFLICTS = ("imported_before", "too_much_work")
_BACKLOG = ("backlog", "backlog_too_long", "parked")

_BY_POSTING: Final = (
    "What `posted_from` and `posted_to` select never changes once the answer says `closed: true`, from 15 minutes after the last "
    "day's end on: ask by them for an invoice. Entries come by due date, then by kind: setup, recurring, minimum spend, payment, reversal, "
    "proration, credit, one-off charge, adjustment. With `sort`, `order`, `kind`, `status`, `package` or `of` each entry has the `balance` "
    "behind it, and the answer has how many entries there are in all and their sums by status. That reads the whole ledger of the "
    "customer; with more than 50,000 entries it is refused: `too_many`."
)

_SIMULATION: Final = (
    "As `POST /runs` with `simulate: true`, at a path of its own: it stores nothing and needs to read only. With `keep: true` all "
    "customers are simulated in the background, however many they are, and each one's plan is kept for 30 days: 202, then poll "
    "`Location`. A live run of all customers takes its `work_id` as `expect`. Only that counts `Idempotency-Key`."
)
_FORECAST: Final = (
    "Each day is planned as its evaluation will post it. At most 1,100 days. With `changes` the answer "
    "describes the days as they would be with these prices and discounts, and `what_if` compares. No charge is written. As CSV, all lines. "
    "Without `customer` all customers are planned in the background: 202, then poll `Location`. Only that counts `Idempotency-Key`."
)
_OVERVIEW: Final = (
    "Made after each daily run, of 31 days, and kept for 30 days; 404 if there is none. It is a forecast of all customers as well: "
    "`GET /forecasts/{work_id}` has its sums by day and package. Amounts are as they were when it was made."
)
_CHANGE: Final = (
    "Only a dry run: nothing is written until its application is asked for. `terms` and `replace` need `from`, `end` needs `on`, the last "
    "day of the assignments, `price` needs `from` and `percent` or `amount`. Without anything in `where`, `all` must be true."
)
_CREDIT: Final = (
    "A new entry of kind `credit`, dated today. What is left of a charge is its amount less earlier credits, reversals and negative "
    "lines; never more than that is credited. The balance rises by the credited retail if the charge was debited."
)

_EXPORT: Final = (
    "Made in the background: poll `Location`. Rows are sorted by customer. Those of `ledger` and `journal` are of what was posted on some "
    "days; what they say of credits and reversals is as of the end of `posted_to`, so an export of closed days never changes. At most 5 "
    "works run at once; the others wait."
)
_AUDIT: Final = (
    "Made in the background: poll `Location`. Due dates from `from` to `to` are compared with the ledger, up to the last evaluated day; "
    "without `from` all of them, and balances too. Each charge is judged by the prices and terms that were entered before it was posted. "
    "Nothing is written. At most 5 works run at once; the others wait."
)
_RECONCILIATION: Final = (
    "The file has the column `did` and, if known, `cost` (for a month), `currency` and `customer_id`, in any order, with numbers as people "
    "write them; at most 150,000 rows and 4 MB. Faulty rows are named. It is compared in the background: poll `Location`. Nothing is "
    "written. At most 5 works run at once; the others wait."
)
_ANNOUNCEMENT: Final = (
    "For files of more than 4 MB, up to 32 MB and 50,000 rows. PUT the file to `upload.link`, then have it checked, then applied. Gone "
    "after 30 days."
)
_CHECK: Final = (
    "Every row is checked as the JSON it stands for, against what stands and against the other rows. Poll `Location`: it has the faulty "
    "rows, what would be charged at once, and how many rows of that need a confirmation."
)
_APPLICATION: Final = (
    "All rows are checked again. If all are right, each is applied in a transaction of its own, once; a row that something came in the "
    "way of meanwhile is told as `failed` and can be retried. `confirm_backlog=true` confirms what the whole file charges at once. A file "
    "that was applied within 30 days is refused with `imported_before` and the `import_id`, unless `again=true`. At most 5 works run at "
    "once; the others wait."
)
_UNDO: Final = (
    "What the import itself posted is credited. An assignment that only the import has charged is cancelled, one that was never charged is "
    "removed; what it changed gets back the values that the history has, by the rules of PATCH. What somebody has touched since, or a run "
    "has charged, is left and listed with the reason. With `dry_run=true` nothing is written: `undone` says what it would come to."
)
_ONE_OFF: Final = (
    "A new entry of kind `one_off`, posted now: what no package charges, such as a visit. It carries `date`. What does not fit within "
    "the debit limit is `held`, and tried again by each daily run. It can be credited and written off as every charge."
)
_ADJUSTMENT: Final = "A new entry of kind `adjustment`, dated today: a change of the balance that is neither a payment nor a charge."

OPERATIONS: Final = {
    "health": Operation("Service"),
    "read_document": Operation("Service", tagged_text=True),
    "read_docs": Operation("Service", media="text/html", tagged_text=True),
    "read_docs_file": Operation("Service", media="text/*", tagged_text=True),
    "create_package": Operation("Packages", 201, bodies.NewPackageBody),
    "import_packages": Operation("Packages", also=(201, 202), seeks=False, conflicts=_FILE_CONFLICTS, invalid=("too_many",), notes=_FILE),
    "check_packages": Operation("Packages", also=(202,), seeks=False, conflicts=("too_much_work",), invalid=("too_many",),
                                notes=f"As `POST /packages/import` with `dry_run=true`. {_FILE}"),
    "list_packages": Operation("Packages"),
    "read_package": Operation("Packages"),
    "replace_package": Operation("Packages", body=bodies.PackageBody, conflicts=("package_in_use",)),
    "change_package": Operation("Packages", body=bodies.PackageBody, conflicts=("package_in_use",)),
    "read_package_history": Operation("Packages"),
    "delete_package": Operation("Packages", conflicts=("package_in_use",)),
    "read_price_lists": Operation("Packages", notes="From when each price applies. The first list has no `from`."),
    "write_price_list": Operation("Packages", body=PriceListBody, also=(201,), conflicts=("backlog", "backlog_too_long"),
                                  invalid=("not_open",), notes=_PRICE_LIST),
    "remove_price_list": Operation("Packages", invalid=("not_open",), notes="Only one that begins on an open day."),
    "preview": Operation("Packages", notes="Either `to` or `count` is needed."),
    "package_schedule": Operation("Packages",
                                  notes="At most 10 years. `from` may lie before `start`, and is it if left out."),
    "write_customer": Operation("Customers", body=CustomerBody, also=(201,),
                                conflicts=("currency_fixed",), seeks=False),
    "change_customer": Operation("Customers", body=CustomerBody, conflicts=("currency_fixed",)),
    "read_customer": Operation("Customers"),
    "list_customers": Operation("Customers"),
    "read_customer_history": Operation("Customers",
                                       notes="With the assignments and their terms, the runs, and the charges written off."),
    "read_customer_statement": Operation("Customers", invalid=("too_many",),
                                         notes="Posting days of the billing time zone, at most 400. Of a customer with more than 50,000 "
                                         "ledger entries there is none: `too_many`."),
    "delete_customer": Operation("Customers", conflicts=("customer_in_use",)),
    "pay": Operation("Customers", 201, ledger_bodies.PaymentBody),
    "adjust": Operation("Customers", 201, ledger_bodies.AdjustmentBody, notes=_ADJUSTMENT),
    "charge_one_off": Operation("Customers", 201, ledger_bodies.OneOffBody, conflicts=("parked",), notes=_ONE_OFF),
    "read_ledger": Operation("Customers", notes=_BY_POSTING),
    "credit_entry": Operation("Customers", 201, ledger_bodies.CreditBody, conflicts=("over_credited", "not_posted", "not_creditable"),
                              notes=_CREDIT),
    "list_held": Operation("Customers", seeks=True),
    "cancel_held": Operation("Customers", conflicts=("not_held",)),
    "try_held": Operation("Customers", conflicts=("not_held", "parked"),
                          notes="Posts it if it fits within the debit limit by now, as the next daily run would; it stays `held` "
                                "otherwise. One that is posted already is answered as it is."),
    "unpark": Operation("Customers", conflicts=("not_parked",)),
    "read_features": Operation("Customers"),
    "read_outlook": Operation("Customers", invalid=("too_many",)),
    "create_assignment": Operation("Assignments", 201, assignment_bodies.AssignmentBody, also=(200,),
                                   notes="With `dry_run=true` nothing is written, and the answer, 200, says what would be charged at once.",
                                   conflicts=("minimum_days", "did_in_use", *_BACKLOG)),
    "import_customers": Operation("Customers", also=(201, 202), seeks=False, conflicts=_FILE_CONFLICTS, invalid=("too_many",), notes=_FILE),
    "check_customers": Operation("Customers", also=(202,), seeks=False, conflicts=("too_much_work",), invalid=("too_many",),
                                 notes=f"As `POST /customers/import` with `dry_run=true`. {_FILE}"),
    "import_assignments": Operation("Assignments", also=(201, 202), seeks=False, conflicts=_FILE_CONFLICTS,
                                    invalid=("too_many",), notes=_FILE),
    "check_assignments": Operation("Assignments", also=(202,), seeks=False, conflicts=("too_much_work",), invalid=("too_many",),
                                   notes=f"As `POST /assignments/import` with `dry_run=true`. {_FILE}"),
    "list_assignments": Operation("Assignments"),
    "read_assignment": Operation("Assignments"),
    "change_assignment": Operation("Assignments", body=assignment_bodies.AssignmentBody,
                                   conflicts=("charged", "ended", "replaced", "not_evaluated", "minimum_days", "did_in_use", *_BACKLOG)),
    "end_assignment": Operation("Assignments", conflicts=("minimum_days", "replaced", "did_in_use"),
                                notes="204, or 200 with `warnings` if days after the end are already charged. Deleting an assignment "
                                "that a replacement or transfer created undoes that, until its first day has come."),
    "close_customer": Operation("Customers", body=closing_bodies.ClosingBody, invalid=("too_many",), notes=_CLOSING),
    "replace_assignment": Operation("Assignments", 201, replacement_bodies.ReplacementBody, also=(200,),
                                    invalid=("not_open",), conflicts=("ended", "replaced", "minimum_days", "did_in_use"),
                                    notes="With `dry_run=true` nothing is written, and the answer is 200. Terms that are left out are "
                                    "copied from the old assignment, own prices only if the package stays the same."),
    "transfer_did": Operation("Assignments", 201, replacement_bodies.TransferBody, also=(200,), invalid=("not_open",),
                              seeks=False, conflicts=("not_transferable",),
                              notes="With `dry_run=true` nothing is written, and the answer is 200."),
    "read_terms": Operation("Assignments"),
    "write_terms": Operation("Assignments", body=assignment_bodies.TermsEdit, also=(201,), conflicts=_BACKLOG,
                             invalid=("not_open",), notes=_TERMS),
    "remove_terms": Operation("Assignments", invalid=("not_open",), notes="Only one that begins on an open day."),
    "list_assignments_of_package": Operation("Assignments"),
    "find_assignments": Operation("Assignments", notes="At least one of the parameters is needed besides `limit` and `cursor`."),
    "list_dids": Operation("Assignments", notes="What a page shows of each costs some reading, so it has at most 20."),
    "list_assignments_of_did": Operation("Assignments"),
    "record_usage": Operation("Usage", body=bodies.UsageBody, conflicts=("call_id_reused",)),
    "read_usage": Operation("Usage"),
    "read_minutes": Operation("Usage"),
    "run": Operation("Runs", body=bodies.RunBody, also=(202,), conflicts=("differs", "run_id_reused", "parked"),
                     invalid=("too_many",), seeks=True,
                     notes="A live run of all customers, of more than 500 lines, or of a customer with more than 1,000 assignments, "
                     "goes on in the background: 202, then poll `Location`. A simulation stores nothing and ignores `Idempotency-Key`."),
    "simulate": Operation("Runs", body=bodies.KeepableSimulationBody, also=(202,), conflicts=("too_much_work",), invalid=("too_many",),
                          seeks=True, notes=_SIMULATION),
    "read_simulation": Operation("Runs", notes="Its summary is null until it is finished; after 30 days it is gone."),
    "list_simulated_customers": Operation("Runs", conflicts=("in_progress",), notes="Customers of whom nothing would be charged are left "
                                          "out."),
    "list_simulated_lines": Operation("Runs", conflicts=("in_progress",), notes="Charges that the run would leave alone are among them, as "
                                      "`leave`. With `customer`, only those of one."),
    "forecast": Operation("Forecasts", body=forecast_bodies.ForecastBody, also=(202,), conflicts=("too_much_work",),
                          invalid=("not_open", "too_many"), seeks=True, notes=_FORECAST),
    "read_forecast": Operation("Forecasts", notes="Its sums are gone after 30 days. As CSV, a row for each currency and group."),
    "list_forecast_customers": Operation("Forecasts", conflicts=("in_progress",)),
    "list_forecast_short": Operation("Forecasts", conflicts=("in_progress",)),
    "read_overview": Operation("Forecasts", seeks=True, notes=_OVERVIEW),
    "list_overview_customers": Operation("Forecasts", seeks=True, notes="All customers, parked ones too. `currency` may be left out "
                                         "if all have the same. By `short_on`, customers who don't run short come last in either order. "
                                         "`search`, `held` and `parked` narrow it to what was found then."),
    "list_overview_packages": Operation("Forecasts", seeks=True, notes="All packages, also those that nobody has. `currency` may be left "
                                        "out if all have the same. `search`, `type` and `frequency` narrow it to what was found then."),
    "list_announced_prices": Operation("Forecasts", seeks=True, notes="As the newest overview found them."),
    "list_ending": Operation("Forecasts", seeks=True, notes="An assignment that another replaces does not count as ending."),
    "read_settings": Operation("Service", notes="They are variables of the deployment, chosen when it is packaged."),
    "list_runs": Operation("Runs"),
    "request_export": Operation("Exports", 202, work_bodies.ExportBody, conflicts=("too_much_work",), seeks=False, notes=_EXPORT),
    "read_export": Operation("Exports", notes="The links are made anew each time; anybody who has one can download the file with it, for "
                             "an hour at most. The files are gone after 30 days."),
    "request_audit": Operation("Audits", 202, work_bodies.AuditBody, conflicts=("too_much_work",), seeks=True, notes=_AUDIT),
    "read_audit": Operation("Audits", notes="What was compared and found is null until it is finished; after 30 days it is gone. A clean "
                            "audit has no finding but notes: `late_usage`, `repeated`, `corrected`, `voided`, `goodwill`."),
    "list_findings": Operation("Audits", notes="Of a customer the first 10,000 are listed; all are counted."),
    "announce_import": Operation("Imports", 201, work_bodies.ImportBody, notes=_ANNOUNCEMENT),
    "check_import": Operation("Imports", 202, conflicts=("not_uploaded", "in_progress", "applied", "too_much_work"), notes=_CHECK),
    "apply_import": Operation("Imports", 202,
                              conflicts=("imported_before", "not_uploaded", "in_progress", "applied", "undone", "too_much_work"),
                              notes=_APPLICATION),
    "retry_import": Operation("Imports", 202, conflicts=("nothing_failed", "in_progress", "undone", "too_much_work"),
                              notes="Rows that were applied stay as they are. The others are read from the file again, and checked anew."),
    "undo_import": Operation("Imports", 202, conflicts=("nothing_applied", "in_progress", "too_much_work"), notes=_UNDO),
    "read_import": Operation("Imports", notes="Counts and sums are those of the latest work, once it is finished."),
    "list_imported_rows": Operation("Imports", conflicts=("in_progress",)),
    "request_reconciliation": Operation("Reconciliations", 202, conflicts=("too_much_work",), invalid=("too_many",), seeks=False,
                                        notes=_RECONCILIATION),
    "read_reconciliation": Operation("Reconciliations", notes="What was compared and found is null until it is finished; after 30 days it "
                                     "is gone. The first 200 discrepancies of each kind are listed. As CSV, the sums; as HTML, a page "
                                     "to print."),
    "list_discrepancies": Operation("Reconciliations", conflicts=("in_progress",), notes="Those of one kind come by number."),
    "list_work": Operation("Exports"),
    "read_work": Operation("Exports"),
    "request_replay": Operation("Exports", 202, work_bodies.ReplayBody, conflicts=("too_much_work",), seeks=False,
                                notes="Sends what was recorded or changed on the days, and entries recorded before that have changed "
                                "since, because an entry does not say when. Poll `GET /work/{work_id}`."),
    "request_change": Operation("Changes", 202, change_bodies.ChangeBody, conflicts=("too_much_work",), invalid=("not_open",), seeks=False,
                                notes=_CHANGE),
    "read_change": Operation("Changes", notes="What it met is null until it is finished; after 30 days it is gone."),
    "list_changed_items": Operation("Changes", conflicts=("in_progress",)),
    "apply_change": Operation("Changes", 202, conflicts=("in_progress", "too_much_work"),
                              notes="Its id is that of the dry run with `:applied`; asked for again, it is the same."),
    "undo_change": Operation("Changes", 202, conflicts=("in_progress", "too_much_work"), invalid=("not_open",),
                             notes="Of an application, whose id ends with `:applied`. What somebody has touched since is left and told."),
    "request_reindex": Operation("Exports", 202, conflicts=("too_much_work",),
                                 notes="Needed once after an update from a release before 0.12.0; it does no harm at any time."),
    "cancel_work": Operation("Exports", conflicts=("not_running",),
                             notes="What is being done at this moment is brought to an end, but there will be no result."),
    "read_run": Operation("Runs", conflicts=("in_progress",), notes="As CSV, a run that is under way is `in_progress`."),
    "list_run_lines": Operation("Runs"),
    "reverse_run": Operation("Runs", also=(202,), conflicts=("not_reversible", "running"),
                             notes="A run of all customers, or of more than 500 lines, is reversed in the background: 202, then poll "
                             "`Location`, whose `reversal` says how far it is. Asked again, it completes what failed."),
}  # fmt: skip

NO_LOCATION: Final = (
    "pay",
    "adjust",
    "charge_one_off",
    "credit_entry",
    "import_packages",
    "import_customers",
    "import_assignments",
    "transfer_did",
)
"""Made by a POST or PUT, but with no address of their own."""
