"""Every error code that HTTP can answer: when, and a real problem document of it."""

import json
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.api import problems
from chalicelib.domain import errors
from chalicelib.domain.account import Credit
from chalicelib.domain.charging import Line
from chalicelib.domain.digest import digest
from chalicelib.domain.errors import Fault
from chalicelib.domain.report import Report
from chalicelib.domain.schedule import DAY

Json = dict[str, Any]


class Refusal(NamedTuple):
    """An error code: its status, when it is answered, and a problem document."""

    status: int
    when: str
    example: Json


_COST, _RETAIL, _FIRST = Decimal("0.40"), Decimal("1.00"), date(2031, 1, 1)
_LINE: Final = Line("", "", "", "", None, "recurring", _FIRST, "USD", 1, _COST, _RETAIL, _COST, _RETAIL, False, "daily", (), _FIRST)
_DUE: Final = [_LINE._replace(due_date=_FIRST + n * DAY) for n in range(4)]
_REPORT: Final = Report(
    None, True, _FIRST, "acme", "USD", "2031-01-01T12:00:00+00:00", (), (), Decimal(0), Decimal(0), digest=digest([], Credit(_COST, None))
)
_RAISED: Final = (
    ("no body, not JSON, a name twice, a cursor that no list gave", errors.Malformed("a JSON body is required")),
    ("there is no such thing", errors.NotFound("there is no customer acme")),
    ("more than 3 due dates are charged at once, or one more than 31 days old; see `backlog` or `assignments`; say `confirm_backlog: true`",
     errors.Conflict("4 due dates from 2031-01-01 to 2031-01-04 would be charged at once; confirm with confirm_backlog: true",
                     code="backlog", backlog=_DUE)),
    ("more than 400 due dates would be charged at once; use `charge_from`, or correct prices from a later day on",
     errors.Conflict("412 due dates lie before 2031-02-01; at most 400 can be posted at once: use charge_from",
                     code="backlog_too_long", due_dates=412)),
    ("the `call_id` stands for a call with other content",
     errors.Conflict("a call_id is recorded with other content", code="call_id_reused",
                     errors=[{"pointer": "/calls/0/call_id", "detail": "switch1-000042 is recorded with other content"}])),
    ("the start date or `charge_from` can't change once something is charged, nor own setup prices once the start date is evaluated",
     errors.Conflict("start_date can't change once something is charged", code="charged", fields=["start_date"])),
    ("the customer has assignments, ledger entries or calls in its currency",
     errors.Conflict("the customer has assignments, ledger entries or calls in USD, so the currency can't change any more",
                     code="currency_fixed")),
    ("the customer has assignments or ledger entries and is kept",
     errors.Conflict("the customer has assignments, ledger entries or usage; they are kept", code="customer_in_use")),
    ("another customer has the number at that time",
     errors.Conflict("customer acme has DID 442079460000 from 2031-01-01 through 2031-12-31: start on 2032-01-01 or later",
                     code="did_in_use", customer_id="acme", assignment_id="01M82Z7BMYPE9SWN323QRJBRWY", free_from="2032-01-01")),
    ("the assignment has ended, or the end date lies before today or before an evaluated day",
     errors.Conflict("it ended on 2031-01-31, which can't change any more", code="ended")),
    ("the first request with this `Idempotency-Key` is still under way",
     errors.Conflict("the first request with this key is under way", code="in_progress")),
    ("the end would come too early; `earliest_end_date` says when it may",
     errors.Conflict("it runs for at least 30 days: its earliest end is 2031-02-13", code="minimum_days", earliest_end_date="2031-02-13")),
    ("`start_date` or `charge_from` would move past a charge that is due and not posted yet",
     errors.Conflict("start_date can't move past 2031-01-31: that day is due and not posted yet; the next daily run posts it",
                     code="not_evaluated", fields=["start_date"])),
    ("the charge is posted, so it can't be written off",
     errors.Conflict("the charge is posted: credit it, or reverse its run", code="not_held")),
    ("only charges can be credited, negative lines not",
     errors.Conflict("only a charge can be credited, which this payment is not", code="not_creditable")),
    ("the charge is held or cancelled, so there is nothing to credit",
     errors.Conflict("the charge is held: nothing of it is posted", code="not_posted")),
    ("more would be credited than is left of the charge; `left` says how much that is",
     errors.Conflict("9.95 USD is left of the charge, and 3.30 of its cost", code="over_credited",
                     left={"retail": "9.95", "cost": "3.30"})),
    ("the customer is not parked", errors.Conflict("the customer is not parked", code="not_parked")),
    ("a daily run can't be reversed",
     errors.Conflict("a daily run can't be reversed; credit its charges", code="not_reversible")),
    ("the number can't go to that customer; `errors` names every reason",
     errors.Conflict("DID 442079460000 can't be transferred: no other customer has DID 442079460000 on 2031-05-01 or later",
                     code="not_transferable",
                     errors=[{"pointer": "/from", "detail": "no other customer has DID 442079460000 on 2031-05-01 or later"}])),
    ("the package was assigned, so `fields` can't change; or `assignments` of it have not ended, so it can't be deleted",
     errors.Conflict("frequency can't change any more because the package was assigned; make a copy with other rules (copy_of)",
                     code="package_in_use", fields=["frequency"], assignments=2)),
    ("a live run would not post what was seen, so it posted nothing; `report` says what it would post now",
     errors.Conflict("what the run would post is not what was seen; look at the report and send its digest", code="differs",
                     report=_REPORT)),
    ("the customer is parked, so neither a live Run Package nor the backlog of an assignment can charge it; unpark it first",
     errors.Conflict("the customer is parked, and what is due already would be charged at once: unpark the customer, or use charge_from",
                     code="parked")),
    ("another assignment replaces this one, so its end date is fixed, or it replaces another, so its start date is fixed",
     errors.Conflict("it is replaced by assignment 01M82Z7BJX2VDR1WG2EXAB0001: delete that one first", code="replaced",
                     replaced_by="01M82Z7BJX2VDR1WG2EXAB0001")),
    ("the `run_id` was used with another customer, date, `if_charged`, `include_written_off` or kept simulation",
     errors.Conflict("run acme-2031-02-28 was made with another customer, date, if_charged, include_written_off or simulation",
                     code="run_id_reused")),
    ("the run has not finished, so it can't be reversed yet", errors.Conflict("the run is not finished", code="running")),
    ("100 works wait for their turn already",
     errors.Conflict("100 works wait for their turn already: wait until some are finished, or cancel some", code="too_much_work")),
    ("the file was imported within 30 days; `import_id` says by which import. Send it with `again=true` to import it once more",
     errors.Conflict("this file was imported already, by import 01M82ZQ4W7D1B1P6Q6Y5R4H0TK: look what became of it, or send it with "
                     "again=true", code="imported_before", import_id="01M82ZQ4W7D1B1P6Q6Y5R4H0TK",
                     imported_at="2031-02-28T12:00:00+00:00")),
    ("the file of the import was not put to its link yet",
     errors.Conflict("the file of this import was not put into the bucket yet: send it to the link of the import", code="not_uploaded")),
    ("the file of the import is applied already",
     errors.Conflict("the file is applied already: retry what failed of it", code="applied")),
    ("nothing of the import is applied, so there is nothing to undo",
     errors.Conflict("nothing of this import is applied: there is nothing to undo", code="nothing_applied")),
    ("the import was undone; send its file again, with `again=true`",
     errors.Conflict("the import was undone: send its file again, with again=true", code="undone")),
    ("no row of the import failed, so none can be tried again",
     errors.Conflict("no row of this import failed: there is nothing to try again", code="nothing_failed")),
    ("the work is finished, so there is nothing to stop",
     errors.Conflict("it is finished: there is nothing left to stop", code="not_running")),
    ("`If-Match` is not the current version", errors.VersionMismatch("the current version is 2")),
    ("the caller shows no token, or one that does not count", errors.Unauthenticated("the token has expired")),
    ("a token without the scope that the route needs", errors.Forbidden("the token lacks billing:charge", scope="billing:charge")),
    ("the keys of the tokens' issuer are not known yet and can't be fetched",
     errors.IssuerUnreachable("the keys of the issuer can't be fetched")),
    ("the body is larger than is read", errors.TooLarge("the body has 300000 bytes; at most 262144 are read")),
    ("the body says that it is not JSON, or for an import not CSV, not in UTF-8, or compressed",
     errors.UnsupportedMediaType("text/plain is not accepted; send application/json")),
    ("fields that are not right; `errors` names each with a JSON pointer", errors.Invalid([Fault("/retial", "is not a field")])),
    ("the `Idempotency-Key` was used with another body",
     errors.Invalid([Fault("", "Idempotency-Key was used with another body")], code="idempotency_key_reused")),
    ("`from` is past, or its evaluation has begun; `first_open_day` is the earliest day that is accepted",
     errors.NotOpen(date(2031, 2, 10), date(2031, 2, 15))),
    ("a list, a simulation or a live run that is too long, an answer of more than 5.5 MB or 3,000 calls of the database",
     errors.Invalid([Fault("/customer", "more than 20000 assignments: simulate by customer")], code="too_many")),
    ("other writers were always quicker; try again after `Retry-After`", errors.Contention("another writer changed it at the same time")),
    ("the database or the gateway is busy; try again after `Retry-After`", errors.Throttled("the database is throttling")),
    ("the deployment contradicts its tables",
     errors.Misconfigured("BILLING_TIMEZONE is UTC, but the dates in the tables are in Europe/London; start with that zone")),
)  # fmt: skip


def _raised(when: str, error: errors.BillingError) -> Refusal:
    answer = problems.problem_response(error)
    return Refusal(answer.status_code, when, json.loads(str(answer.body)))


REFUSALS: Final = {
    **{error.code: _raised(when, error) for when, error in _RAISED},
    "internal": Refusal(500, "a defect here; `request_id` finds it in the log", json.loads(str(problems.unforeseen("7f1c").body))),
}
