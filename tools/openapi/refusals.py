"""Every error code that HTTP can answer: when, and a real problem document of it."""

import json
from typing import Any, Final, NamedTuple

from chalicelib.api import problems
from chalicelib.domain import errors
from chalicelib.domain.errors import Fault

Json = dict[str, Any]


class Refusal(NamedTuple):
    """An error code: its status, when it is answered, and a problem document."""

    status: int
    when: str
    example: Json


_DUE: Final = [{"due_date": f"2031-01-0{n}", "kind": "recurring", "cost": "0.40", "retail": "1.00"} for n in range(1, 5)]
_RAISED: Final = (
    ("no body, not JSON, a name twice, a cursor that no list gave", errors.Malformed("a JSON body is required")),
    ("there is no such thing", errors.NotFound("there is no customer acme")),
    ("more than 3 due dates lie before today, or one more than 31 days; `backlog` lists them; say `confirm_backlog: true`",
     errors.Conflict("4 due dates from 2031-01-01 to 2031-01-04 would be charged at once; confirm_backlog: true says so",
                     code="backlog", backlog=_DUE)),
    ("more than 400 due dates lie before today; use `charge_from`",
     errors.Conflict("412 due dates lie before 2031-02-01; at most 400 can be posted at once: use charge_from",
                     code="backlog_too_long", due_dates=412)),
    ("the `call_id` stands for a call with other content",
     errors.Conflict("a call_id is recorded with other content", code="call_id_reused",
                     errors=[{"pointer": "/calls/0/call_id", "detail": "switch1-000042 is recorded with other content"}])),
    ("the start date or `charge_from` can't change once something is charged",
     errors.Conflict("start_date can't change once something is charged", code="charged", fields=["start_date"])),
    ("the customer has assignments, ledger entries or calls in its currency",
     errors.Conflict("the currency is USD since there are assignments, ledger entries or calls", code="currency_fixed")),
    ("the customer has assignments or ledger entries and is kept",
     errors.Conflict("the customer has assignments, ledger entries or usage; they are kept", code="customer_in_use")),
    ("another customer has the number at that time",
     errors.Conflict("DID 442079460000 is another customer's from 2031-01-01 to 2031-12-31", code="did_in_use")),
    ("the assignment has ended, or the end date lies before today or before an evaluated day",
     errors.Conflict("it ended on 2031-01-31; later days are past, or evaluated", code="ended")),
    ("the first request with this `Idempotency-Key` is still under way",
     errors.Conflict("the first request with this key is under way", code="in_progress")),
    ("the end would come too early; `earliest_end_date` says when it may",
     errors.Conflict("it runs for at least 30 days: its earliest end is 2031-02-13", code="minimum_days", earliest_end_date="2031-02-13")),
    ("`start_date` or `charge_from` would move past a charge that is due and not posted yet",
     errors.Conflict("start_date can't move past 2031-01-31: that day is due and not posted yet; the next daily run posts it",
                     code="not_evaluated", fields=["start_date"])),
    ("the charge is posted, so it can't be written off",
     errors.Conflict("the charge is posted; a payment can correct it, a reversal undo its run", code="not_held")),
    ("the customer is not parked", errors.Conflict("the customer is not parked", code="not_parked")),
    ("a daily run can't be reversed",
     errors.Conflict("a daily run can't be reversed; end the assignments or book corrections", code="not_reversible")),
    ("the package was assigned, so `fields` can't change; or `assignments` of it have not ended, so it can't be deleted",
     errors.Conflict("frequency can't change any more, for the package was assigned; make a copy with other rules (copy_of)",
                     code="package_in_use", fields=["frequency"], assignments=2)),
    ("the customer is parked, so neither a live Run Package nor the backlog of an assignment can charge it; unpark it first",
     errors.Conflict("the customer is parked: what is due before today would be charged at once; unpark the customer, or use charge_from",
                     code="parked")),
    ("the `run_id` was used with another customer, date or `if_charged`",
     errors.Conflict("run acme-2031-02-28 was another customer, date or if_charged", code="run_id_reused")),
    ("the run has not finished, so it can't be reversed yet", errors.Conflict("the run is not finished", code="running")),
    ("`If-Match` is not the current version", errors.VersionMismatch("the current version is 2")),
    ("the caller shows no token, or one that does not count", errors.Unauthenticated("the token has expired")),
    ("a token without the scope that the route needs", errors.Forbidden("the token lacks billing:charge", scope="billing:charge")),
    ("the keys of the tokens' issuer are not known yet and can't be fetched",
     errors.IssuerUnreachable("the keys of the issuer can't be fetched")),
    ("the body is larger than is read", errors.TooLarge("the body has 300000 bytes; at most 262144 are read")),
    ("the body says that it is not JSON, or for an import not CSV, not in UTF-8, or compressed",
     errors.UnsupportedMediaType("text/plain is not read here; send application/json")),
    ("fields that are not right; `errors` names each with a JSON pointer", errors.Invalid([Fault("/retial", "is not a field")])),
    ("the `Idempotency-Key` was used with another body",
     errors.Invalid([Fault("", "Idempotency-Key was used with another body")], code="idempotency_key_reused")),
    ("a list, a simulation or a live run that is too long, an answer of more than 5.5 MB or 3,000 calls of the database",
     errors.Invalid([Fault("/customer", "more than 20000 assignments: simulate by customer")], code="too_many")),
    ("other writers were always quicker; try again after `Retry-After`", errors.Contention("another writer was at it")),
    ("the database or the gateway asks for patience; try again after `Retry-After`", errors.Throttled("the database is throttling")),
    ("the deployment contradicts its tables",
     errors.Misconfigured("BILLING_TIMEZONE is UTC, but the tables' dates are of Europe/London; start with that one")),
)  # fmt: skip


def _raised(when: str, error: errors.BillingError) -> Refusal:
    answer = problems.answer(error)
    return Refusal(answer.status_code, when, json.loads(str(answer.body)))


REFUSALS: Final = {
    **{error.code: _raised(when, error) for when, error in _RAISED},
    "internal": Refusal(500, "a defect here; `request_id` finds it in the log", json.loads(str(problems.unforeseen("7f1c").body))),
}
