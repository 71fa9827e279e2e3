"""What each function is for, as small things to do, and the permissions that each of them needs.

A need is `table:ACTIONS`, `table/index:ACTIONS` or `queue:S`; the actions are letters of `ACTIONS`. Each feature is done with
a sample of its own, made while nothing is forbidden.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple

import httpx

from chalicelib.api.meta import HEALTHY_SECONDS
from tests.api.support import Json, a_customer, a_package, an_assignment, charges, day, later, ok, path, pay, run, unique, unique_did
from tests.deploy.files import a_checked_file, an_announced_file, some_packages
from tests.deploy.stream_records import tell_of_a_payment
from tools.embedded import EmbeddedStack, FunctionError

_days = count(1)


class Sample:
    """Things to work on, that nobody else works on; each is made when it is asked for first."""

    def __init__(self, stack: EmbeddedStack, api: httpx.Client) -> None:
        self.stack, self.api = stack, api
        self.on = day(10 + next(_days))
        """A date on which the customers' assignments are due; no other sample's."""
        self.run_id = unique("run")

    @cached_property
    def package(self) -> Json:
        """Assigned to nobody."""
        return a_package(self.api)

    @cached_property
    def assigned(self) -> Json:
        return a_package(self.api, retail="2", frequency="daily")

    @cached_property
    def minutes(self) -> Json:
        """Gives free minutes."""
        return a_package(self.api, name=unique("minutes"), type="free_minutes")

    @cached_property
    def quantities(self) -> Iterator[int]:
        """Each another one."""
        return count(2)

    @cached_property
    def empty(self) -> str:
        """A customer without anything."""
        return a_customer(self.api)

    def _with(self, package: Json, on: str, **fields: Any) -> Json:
        return an_assignment(self.api, a_customer(self.api), package, **{"start_date": on, "end_date": on} | fields)

    @cached_property
    def assignment(self) -> Json:
        """Of a number, debited on the date."""
        return self._with(self.assigned, self.on, did=unique_did(), auto_decrement_credit=True)

    @property
    def customer(self) -> str:
        """Who has that assignment."""
        return str(self.assignment["customer_id"])

    @cached_property
    def plain(self) -> str:
        """A customer with something due on the date that is not debited."""
        return str(self._with(self.assigned, self.on)["customer_id"])

    @cached_property
    def caller(self) -> str:
        """A customer with a free minute."""
        return self._with_a_minute()

    def _with_a_minute(self) -> str:
        minutes = a_package(self.api, type="free_minutes", destination="^44")
        return str(self._with(minutes, day(-1), end_date=None, free_minutes=1)["customer_id"])

    @cached_property
    def fleet(self) -> str:
        """A customer with a free minute among a hundred assignments without."""
        customer = self._with_a_minute()
        rows = "".join(f"{customer},{self.assigned['package_id']},{day(999)}\n" for _ in range(40))
        for _ in range(3):
            text, headers = "customer_id,package_id,start_date\n" + rows, {"Content-Type": "text/csv", "Idempotency-Key": unique("key")}
            ok(self.api.post("/assignments/import?dry_run=false&again=true", content=text, headers=headers), 201)
        return customer

    @cached_property
    def waiting(self) -> str:
        """A customer whose free minute is not given until its charge is paid."""
        customer = a_customer(self.api, debit_limit="0")
        minutes = a_package(self.api, type="free_minutes", retail="2")
        an_assignment(self.api, customer, minutes, free_minutes=1, auto_decrement_credit=True)
        run(self.api, customer, day(), live=True)
        return customer

    @cached_property
    def spender(self) -> str:
        """A customer who has to spend something by the date."""
        package = a_package(self.api, retail="5", frequency="daily", minimum_spend=True)
        return str(self._with(package, later(self.on, -1), end_date=self.on)["customer_id"])

    @cached_property
    def overspent(self) -> str:
        """A customer whose minimum spend of yesterday is debited; when it is assigned, for the first time."""
        package = a_package(self.api, retail="5", frequency="daily", minimum_spend=True)
        return str(self._with(package, day(-1), end_date=day(), auto_decrement_credit=True)["customer_id"])

    @cached_property
    def begun(self) -> Json:
        """An assignment of a number that has begun, and has no end yet."""
        return self._with(self.assigned, day(-1), end_date=None, did=unique_did(), confirm_backlog=True)

    @cached_property
    def future(self) -> Json:
        """An assignment of a number that nothing is charged on before it begins."""
        return self._with(self.assigned, day(999), end_date=None, did=unique_did())

    @cached_property
    def replaceable(self) -> Json:
        """Another one."""
        return self._with(self.assigned, day(999), end_date=None, did=unique_did())

    @cached_property
    def ahead(self) -> Json:
        """An assignment of a number that a live run has charged before it begins."""
        made = self._with(self.assigned, self.on, end_date=None, did=unique_did())
        run(self.api, made["customer_id"], self.on, live=True)
        return made

    @cached_property
    def poor(self) -> str:
        """A customer whose credit is too small for what is due on the date."""
        customer = a_customer(self.api, debit_limit="0")
        an_assignment(self.api, customer, self.assigned, start_date=self.on, end_date=self.on, auto_decrement_credit=True)
        return customer

    @cached_property
    def rich(self) -> str:
        """A customer with a charge that was held, and with the money for it since."""
        customer = a_customer(self.api, debit_limit="0")
        an_assignment(self.api, customer, self.assigned, start_date=self.on, end_date=self.on, auto_decrement_credit=True)
        run(self.api, customer, self.on, live=True)
        pay(self.api, customer, "100")
        return customer

    @cached_property
    def reversible(self) -> Json:
        """A live run that posted a debit."""
        return run(self.api, self._with(self.assigned, self.on, auto_decrement_credit=True)["customer_id"], self.on, live=True)

    @cached_property
    def charged(self) -> str:
        """A customer with a debited charge."""
        return str(self.reversible["customer"])

    @cached_property
    def charge(self) -> Json:
        """An entry of that customer's ledger."""
        return charges(self.api, self.charged)[0]

    @cached_property
    def held(self) -> Json:
        """A held charge, of a live run."""
        run(self.api, self.poor, self.on, live=True, run_id=self.run_id)
        return charges(self.api, self.poor)[0]

    @cached_property
    def audited(self) -> str:
        """A finished audit with a finding, a credit: some day has to be evaluated before."""
        finish_a_day(self)
        credit_a_charge(self)
        made = an_audit(self, self.charged)
        do_all_of(self, made)
        return made

    @cached_property
    def reconciled(self) -> str:
        """A finished reconciliation."""
        made = a_reconciliation(self)
        do_all_of(self, made)
        return made

    @cached_property
    def unseen(self) -> str:
        """A work that no worker has seen: whoever ends another one sends its first message again."""
        asked = [one["work_id"] for one in ok(self.api.get("/work?limit=200"))["items"] if one["kind"] == "export"]
        return str(asked[-1]) if asked else an_export(self)

    @cached_property
    def imported(self) -> str:
        """A finished import."""
        return apply_all_of(self, some_packages(self))

    @cached_property
    def exported(self) -> str:
        """A finished export."""
        made = an_export(self)
        do_all_of(self, made)
        return made

    @cached_property
    def forecast(self) -> str:
        """A finished forecast of all customers."""
        made = a_forecast(self)
        do_all_of(self, made)
        return made

    @cached_property
    def kept(self) -> str:
        """A finished simulation of all customers."""
        return a_finished_simulation(self)

    def prepare(self, function: str) -> None:
        """Make what a function works on, before anything is forbidden and before the date is evaluated."""
        for name in PREPARED.get(function, ()):
            assert getattr(self, name)


class Feature(NamedTuple):
    """Something a function does, and what it needs for that. It fails by an error that `FAILS` lists.

    A slow one starts the function's process anew, or waits; it is tried only without what it needs.
    """

    needs: str
    work: Callable[[Sample], Any]
    is_slow: bool = False


FAILS = (AssertionError, FunctionError, KeyError, ValueError)


def calls(seconds: int = 90) -> list[Json]:
    return [{"call_id": unique("call"), "started_at": f"{day()}T09:30:00Z", "destination": "4420", "seconds": seconds, "charge": "0.10"}]


def the_same_twice(s: Sample) -> None:
    key = {"Idempotency-Key": unique("key")}
    answers = [ok(s.api.post(f"/customers/{s.customer}/payments", json={"amount": "1"}, headers=key), 201) for _ in range(2)]
    assert answers[0] == answers[1]


def health_looked_at_anew(s: Sample) -> None:
    time.sleep(HEALTHY_SECONDS)
    ok(s.api.get("/health"))


def end_with_a_warning(s: Sample) -> None:
    (warning,) = ok(s.api.delete(path(s.ahead)))["warnings"]
    assert warning["code"] == "charged_ahead"


def credit_a_charge(s: Sample) -> None:
    ok(s.api.post(f"/customers/{s.charged}/ledger/{s.charge['entry_id']}/credit", json={"retail": "0.01", "reason": "faulty"}), 201)


def charge_a_visit(s: Sample) -> None:
    asked = {"description": "Visit", "retail": "0.01", "auto_decrement_credit": True}
    ok(s.api.post(f"/customers/{s.customer}/charges", json=asked), 201)


def adjust_a_balance(s: Sample) -> None:
    ok(s.api.post(f"/customers/{s.customer}/adjustments", json={"amount": "0.01", "reason": "rounding"}), 201)


def enter_a_price_list(s: Sample) -> None:
    ok(s.api.put(f"/packages/{s.package['package_id']}/prices/{day(30)}", json={"retail": "3"}), 201)


def an_audit(s: Sample, customer: str | None = None) -> str:
    """The id of an audit of a customer that nobody has worked at."""
    return str(ok(s.api.post("/audits", json={"customer": customer or s.customer}), 202)["work_id"])


def a_reconciliation(s: Sample) -> str:
    """The id of a comparison with a carrier's list that nobody has worked at."""
    file, headers = "did;cost\r\n+44 20 7946 0999;1.20\r\n", {"Content-Type": "text/csv"}
    return str(ok(s.api.post("/reconciliations", content=file, headers=headers), 202)["work_id"])


def a_forecast(s: Sample) -> str:
    """The id of a forecast of all customers that nobody has worked at."""
    return str(ok(s.api.post("/forecasts", json={"to": day(30)}), 202)["work_id"])


def a_simulation(s: Sample) -> str:
    """The id of a simulation of all customers that is to be kept, and that nobody has worked at."""
    asked = {"date": s.on, "keep": True, "if_charged": "skip"}
    return str(ok(s.api.post("/runs/simulations", json=asked), 202)["work_id"])


def a_finished_simulation(s: Sample) -> str:
    made = a_simulation(s)
    do_all_of(s, made)
    return made


def run_as_kept(s: Sample) -> None:
    asked = {"date": s.on, "simulate": False, "if_charged": "skip", "expect": s.kept, "run_id": unique("run")}
    ok(s.api.post("/runs", json=asked), 202)


def an_export(s: Sample, what: str = "ledger") -> str:
    """The id of an export that nobody has worked at."""
    days = {"posted_from": day(-1), "posted_to": day()} if what == "ledger" else {}
    return str(ok(s.api.post("/exports", json={"what": what, **days}), 202)["work_id"])


def download(s: Sample) -> None:
    """What a finished export's link gives, to somebody who has no other right."""
    (file,) = ok(s.api.get(f"/exports/{s.exported}"))["files"]
    with httpx.Client(trust_env=False) as anybody:
        answer = anybody.get(file["link"])
    assert (answer.status_code, len(answer.content)) == (200, file["size"])


def ask_for_a_change(s: Sample) -> None:
    """Another end of whatever has a package."""
    asked = {"what": "end", "where": {"packages": [s.assignment["package_id"]]}, "on": day(900)}
    ok(s.api.post("/changes", json=asked), 202)


API: dict[str, Feature] = {
    "health": Feature("catalog:G", health_looked_at_anew, is_slow=True),
    "define a package": Feature("catalog:P history:P", lambda s: a_package(s.api)),
    "list packages": Feature("catalog:Q", lambda s: ok(s.api.get("/packages"))),
    "read a package": Feature("catalog:G", lambda s: ok(s.api.get(f"/packages/{s.package['package_id']}"))),
    "price a package": Feature(
        "catalog:GP history:P runs:G", lambda s: ok(s.api.patch(f"/packages/{s.package['package_id']}", json={"retail": "3"}))
    ),
    "enter a price list": Feature("catalog:GP history:P runs:CG", enter_a_price_list),
    "read price lists": Feature("catalog:G runs:G", lambda s: ok(s.api.get(f"/packages/{s.package['package_id']}/prices"))),
    "drop a package": Feature(
        "accounts/index/by_package:Q catalog:DGP history:P", lambda s: ok(s.api.delete(f"/packages/{s.package['package_id']}"), 204)
    ),
    "add a customer": Feature("accounts:GP catalog:P history:P", lambda s: a_customer(s.api)),
    "search customers": Feature("accounts:B catalog:Q", lambda s: ok(s.api.get(f"/customers?search={s.customer}"))),
    "find parked customers": Feature("runs:Q", lambda s: ok(s.api.get("/customers?parked=true"))),
    "find assignments that end": Feature("catalog:Q", lambda s: ok(s.api.get("/assignments?ends_to=2000-01-01"))),
    "ask for a replay": Feature("do-work:M runs:GP", lambda s: ok(s.api.post("/events/replay", json={"from": day(), "to": day()}), 202)),
    "ask for a change": Feature("catalog:B do-work:M runs:GP", ask_for_a_change),
    "ask for a reindex": Feature("do-work:M runs:GP", lambda s: ok(s.api.post("/reindex"), 202)),
    "list customers": Feature("accounts:B accounts/index/customers:Q", lambda s: ok(s.api.get("/customers"))),
    "change a customer": Feature(
        "accounts:GU catalog:P history:P", lambda s: ok(s.api.patch(f"/customers/{s.customer}", json={"name": unique("acme")}))
    ),
    "drop a customer": Feature("accounts:DGQ catalog:D history:P", lambda s: ok(s.api.delete(f"/customers/{s.empty}"), 204)),
    "pay": Feature("accounts:GU ledger:P", lambda s: pay(s.api, s.caller, "1")),
    "pay, sent twice": Feature("accounts:GU ledger:P runs:GP", the_same_twice),
    "charge a visit": Feature("accounts:GU ledger:P", charge_a_visit),
    "adjust a balance": Feature("accounts:GU ledger:P", adjust_a_balance),
    "credit a charge": Feature("accounts:U ledger:BPU", credit_a_charge),
    "statement": Feature("accounts:G ledger:Q", lambda s: ok(s.api.get(f"/customers/{s.customer}/ledger"))),
    "enabled features": Feature("accounts:Q", lambda s: ok(s.api.get(f"/customers/{s.customer}/features"))),
    "assign to a number": Feature(
        "accounts:BPU catalog:BPU history:P runs:BG",
        lambda s: an_assignment(s.api, s.caller, s.assigned, start_date=day(999), did=unique_did()),
    ),
    "list assignments": Feature("accounts:GQ catalog:B", lambda s: ok(s.api.get(f"/customers/{s.customer}/assignments"))),
    "read an assignment": Feature("accounts:G catalog:B", lambda s: ok(s.api.get(path(s.assignment)))),
    "change an assignment": Feature(
        "accounts:BU catalog:B history:P runs:BC", lambda s: ok(s.api.patch(path(s.assignment), json={"quantity": 2}))
    ),
    "replace an assignment": Feature(
        "accounts:BPU catalog:BGPU history:P runs:BCG",
        lambda s: ok(
            s.api.post(f"{path(s.replaceable)}/replacement", json={"package_id": s.assigned["package_id"], "from": day(1009)}), 201
        ),
    ),
    "who has a number": Feature("accounts:B catalog:GB runs:G", lambda s: ok(s.api.get(f"/dids/{s.assignment['did']}/assignments"))),
    "record a call": Feature("accounts:QU usage:BPU", lambda s: ok(s.api.post(f"/customers/{s.customer}/usage", json={"calls": calls()}))),
    "record a free call": Feature(
        "accounts:QU catalog:B history:P usage:BPU", lambda s: ok(s.api.post(f"/customers/{s.caller}/usage", json={"calls": calls()}))
    ),
    "record a free call among many assignments": Feature(
        "accounts:BQU accounts/index/minutes:Q catalog:B history:P usage:BPU",
        lambda s: ok(s.api.post(f"/customers/{s.fleet}/usage", json={"calls": calls()})),
    ),
    "usage by day": Feature("accounts:G usage:Q", lambda s: ok(s.api.get(f"/customers/{s.caller}/usage?from={day()}&to={day()}"))),
    "minutes left": Feature("accounts:BQ catalog:B usage:B", lambda s: ok(s.api.get(f"/customers/{s.caller}/minutes"))),
    "simulate": Feature("accounts:Q catalog:B ledger:B", lambda s: run(s.api, s.customer, s.on)),
    "simulate all": Feature(
        "accounts:S catalog:B ledger:B ledger/index/held:Q usage:Q",
        lambda s: ok(s.api.post("/runs", json={"date": day(), "simulate": True})),
    ),
    "forecast": Feature(
        "accounts:Q catalog:B ledger:Q runs:Q", lambda s: ok(s.api.post("/forecasts", json={"customer": s.customer, "to": day(90)}))
    ),
    "run live": Feature("accounts:QU catalog:B history:P ledger:BP runs:GPU", lambda s: run(s.api, s.customer, s.on, live=True)),
    "run all live": Feature(
        "history:P post-charges:M runs:QP",
        lambda s: ok(s.api.post("/runs", json={"date": day(-400), "simulate": False, "if_charged": "skip"}), 202),
    ),
    "run all live as it was seen": Feature("history:P post-charges:M runs:GQP", run_as_kept),
    "keep a simulation": Feature("do-work:M runs:GP", a_simulation),
    "read a kept simulation": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/runs/simulations/{s.kept}"))),
    "forecast all": Feature("do-work:M runs:GPQ", a_forecast),
    "read a forecast": Feature("catalog:B results:R runs:GQ", lambda s: ok(s.api.get(f"/forecasts/{s.forecast}"))),
    "read its customers": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/forecasts/{s.forecast}/customers?currency=USD"))),
    "ask for an export": Feature("do-work:M runs:GP", an_export),
    "read an export": Feature("results:R runs:GQ", download),
    "ask for an audit": Feature("accounts:G do-work:M runs:GPQ", an_audit),
    "read an audit": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/audits/{s.audited}"))),
    "read the findings of an audit": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/audits/{s.audited}/findings"))),
    "ask for an import": Feature("do-work:M results:RW runs:GP", some_packages),
    "check a file": Feature("do-work:M results:RW runs:GP", a_checked_file),
    "read an import": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/imports/{s.imported}"))),
    "ask for a reconciliation": Feature("do-work:M results:W runs:GP", a_reconciliation),
    "read a reconciliation": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/reconciliations/{s.reconciled}"))),
    "read its discrepancies": Feature("results:R runs:GQ", lambda s: ok(s.api.get(f"/reconciliations/{s.reconciled}/discrepancies"))),
    "list work": Feature("runs:BQ", lambda s: ok(s.api.get("/work"))),
    "cancel work": Feature("do-work:M history:P runs:GPU", lambda s: ok(s.api.delete(f"/work/{an_export(s)}"))),
    "list runs": Feature("runs:BQ", lambda s: ok(s.api.get("/runs"))),
    "read a run": Feature("runs:G", lambda s: ok(s.api.get(f"/runs/{s.run_id}"))),
    "a run's lines": Feature("runs:GQ", lambda s: ok(s.api.get(f"/runs/{s.run_id}/lines"))),
    "history of a package": Feature("history:Q", lambda s: ok(s.api.get(f"/packages/{s.package['package_id']}/history"))),
    "history of a customer": Feature("history:Q", lambda s: ok(s.api.get(f"/customers/{s.customer}/history"))),
    "held charges": Feature("ledger/index/held:S", lambda s: ok(s.api.get("/held"))),
    "held charges of one": Feature("accounts:G ledger/index/held:Q", lambda s: ok(s.api.get(f"/held?customer={s.held['customer_id']}"))),
    "try a held one": Feature("accounts:G ledger:G", lambda s: ok(s.api.post(f"/held/{s.held['entry_id']}/attempt"))),
    "write a held one off": Feature("accounts:U history:P ledger:GU", lambda s: ok(s.api.post(f"/held/{s.held['entry_id']}/cancellation"))),
    "reverse a run": Feature("accounts:U history:P ledger:BU runs:GU", lambda s: ok(s.api.post(f"/runs/{s.run_id}/reversal"))),
    "end an assignment": Feature("accounts:BGU catalog:GBP history:P ledger:B runs:B", lambda s: ok(s.api.delete(path(s.begun)), 204)),
    "end one charged ahead": Feature("accounts:BGU catalog:GBP history:P ledger:BQ runs:BG", end_with_a_warning),
    "remove an assignment": Feature("accounts:BGUD catalog:GBPU history:P runs:B", lambda s: ok(s.api.delete(path(s.future)), 204)),
}


def evaluate(s: Sample, **event: Any) -> Json:
    answer: Json = s.stack.invoke("evaluate_due_charges", {"date": s.on, "allow_future": True} | event)
    assert answer["date"] == event.get("date", s.on)
    return answer


def finish_a_day(s: Sample) -> None:
    """Today's evaluation, whole."""
    begun = evaluate(s, date=day())
    for segment in range(begun["segments"]):
        message(s, "post_charges", piece(day(), segment, begun["segments"]))


def piece(on: str, segment: int, segments: int) -> Json:
    """A message of a day's sweep."""
    run_id = f"daily:{on}"
    return {
        "kind": "daily", "run_id": run_id, "date": on, "segment": segment, "segments": segments, "again_id": unique(run_id), "by": "test",
        "on": day(),
    }  # fmt: skip


def anew(s: Sample, function: str) -> None:
    """A process that has looked at nothing yet."""
    functions, name = s.stack.client("lambda"), s.stack.function_name(function)
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables | {"TEST": unique()}})


def first_of_all(s: Sample, function: str) -> None:
    """As in a stack that nobody has asked for anything: the time zone is not stored."""
    key = {"pk": {"S": "SETTINGS"}, "sk": {"S": "DEPLOYMENT"}}
    s.stack.client("dynamodb").delete_item(TableName=s.stack.table_name("catalog"), Key=key)
    anew(s, function)


def first_evaluation(s: Sample) -> None:
    first_of_all(s, "evaluate_due_charges")
    evaluate(s, check=True)


EVALUATION: dict[str, Feature] = {
    "check a day": Feature("runs:Q", lambda s: evaluate(s, check=True)),
    "begin a day": Feature("history:P post-charges:M runs:QPU", evaluate),
    "begin a finished day": Feature("post-charges:M runs:GQ", lambda s: evaluate(s, date=day())),
    "come first": Feature("catalog:GP", first_evaluation, is_slow=True),
}


def invoked(s: Sample, **event: Any) -> Json:
    answer: Json = s.stack.invoke("run_package", {"date": s.on} | event)
    return answer


def run_by_invocation(s: Sample) -> None:
    (line,) = invoked(s, customer=s.customer, simulate="no", run_id=unique("run"))["lines"]
    assert line["status"] in ("posted", "repeat")


def the_same_run_twice(s: Sample) -> None:
    run_id = unique("run")
    answers = [invoked(s, customer=s.customer, simulate="no", run_id=run_id) for _ in range(2)]
    assert answers[0] == answers[1]


def a_minimum_spend(s: Sample) -> None:
    """Charged once more: that of a period that is over is posted when it is assigned."""
    (line,) = invoked(s, date=day(), customer=s.overspent, simulate="no", run_id=unique("run"))["lines"]
    assert line["status"] == "repeat"


def a_held_one(s: Sample) -> None:
    """A held charge that is paid for by now."""
    assert s.held["status"] == "held"
    pay(s.api, s.poor, "100")
    (line,) = invoked(s, customer=s.poor, simulate="no", run_id=unique("run"), if_charged="skip")["lines"]
    assert line["status"] == "posted"


def first_run(s: Sample) -> None:
    first_of_all(s, "run_package")
    assert invoked(s, customer=s.customer)["simulate"] is True


RUN_PACKAGE: dict[str, Feature] = {
    "simulate": Feature("accounts:Q catalog:B ledger:B", lambda s: invoked(s, customer=s.customer)),
    "simulate all": Feature("accounts:S catalog:B ledger:B ledger/index/held:Q usage:Q", lambda s: invoked(s, simulate=True)),
    "run live": Feature("accounts:QU catalog:B history:P ledger:BP runs:GPU", run_by_invocation),
    "run live, sent twice": Feature("accounts:QU catalog:B history:P ledger:BP runs:GPU", the_same_run_twice),
    "run a minimum spend": Feature("accounts:QU catalog:B history:P ledger:BP runs:GPU usage:Q", a_minimum_spend),
    "run all live": Feature(
        "history:P post-charges:M runs:QP", lambda s: invoked(s, simulate=False, run_id=unique("run"), if_charged="skip")
    ),
    "post a held one": Feature("accounts:QU catalog:B history:P ledger/index/held:Q ledger:BU runs:GPU", a_held_one),
    "come first": Feature("catalog:GBP", first_run, is_slow=True),
}


def message(s: Sample, function: str, body: Json) -> None:
    """A message handed to its function, which must not fail it."""
    event = {"Records": [{"messageId": "one", "body": json.dumps(body)}]}
    assert s.stack.invoke(function, event) == {"batchItemFailures": []}


def a_days_piece(s: Sample, customer: str, status: str) -> None:
    """The whole sweep of a day that has begun, in one message, and what it brought a customer."""
    evaluate(s)
    message(s, "post_charges", piece(s.on, 0, 1))
    assert [entry["status"] for entry in charges(s.api, customer) if entry["date"] == s.on] == [status]


def a_recorded_run(s: Sample, kind: str, **asked: Any) -> None:
    """A live run that the API has recorded, carried out by a message."""
    run_id = unique("run")
    ok(s.api.post("/runs", json={"date": s.on, "simulate": False, "run_id": run_id, "if_charged": "skip"} | asked), 202)
    for segment in range(2):
        message(s, "post_charges", {"kind": kind, "run_id": run_id, "segment": segment, "piece": 0})
    report = ok(s.api.get(f"/runs/{run_id}"))
    assert (report["status"], report["failures_total"]) == ("finished", 0)


def a_reversal(s: Sample) -> None:
    message(s, "post_charges", {"kind": "reversal", "run_id": s.reversible["run_id"], "after": "", "undone": [0, 0, 0]})
    entries = ok(s.api.get(f"/customers/{s.reversible['customer']}/ledger"))["items"]
    assert [entry["kind"] for entry in entries if entry["kind"] == "reversal"] == ["reversal"]


def a_new_worker(s: Sample) -> None:
    anew(s, "post_charges")
    message(s, "post_charges", piece(s.on, 0, 1))


POST_CHARGES: dict[str, Feature] = {
    "post a debit": Feature("accounts:GSU catalog:B ledger:P runs:GQPU", lambda s: a_days_piece(s, s.customer, "posted")),
    "post without debit": Feature("accounts:GSU catalog:B ledger:P runs:GQPU", lambda s: a_days_piece(s, s.plain, "posted")),
    "hold": Feature("accounts:GSU catalog:B ledger:P runs:GQPU", lambda s: a_days_piece(s, s.poor, "held")),
    "settle a minimum spend": Feature("accounts:GSU catalog:B ledger:P runs:GQPU usage:Q", lambda s: a_days_piece(s, s.spender, "posted")),
    "post a held one": Feature(
        "accounts:GSU catalog:B ledger:BU ledger/index/held:Q runs:GQPU", lambda s: a_days_piece(s, s.rich, "posted")
    ),
    "run all live": Feature(
        "accounts:QSU catalog:B history:P ledger:BPU ledger/index/held:Q runs:GQPU usage:Q", lambda s: a_recorded_run(s, "run")
    ),
    "run all live as it was seen": Feature(
        "accounts:QSU catalog:B history:P ledger:BPU ledger/index/held:Q results:R runs:GQPU usage:Q",
        lambda s: a_recorded_run(s, "kept_run", expect=a_finished_simulation(s)),
    ),
    "reverse": Feature("accounts:U ledger:BPU runs:GQU", a_reversal),
    "begin": Feature("catalog:G", a_new_worker, is_slow=True),
}
"""Each piece of a day comes upon the debit that a live run has posted already (`reversible`), and reads that customer again."""


def do_all_of(s: Sample, work_id: str, function: str = "do_work") -> None:
    """Every message of a work."""
    segments = ok(s.api.get(f"/work/{work_id}"))["pieces"] - 1
    bodies: list[Json] = [{"kind": "begin"}, *({"kind": "piece", "segment": n} for n in range(segments)), {"kind": "merge"}]
    for body in bodies:
        message(s, function, {"work_id": work_id, **body})
    assert ok(s.api.get(f"/work/{work_id}"))["status"] == "finished"


def apply_all_of(s: Sample, begun: Json) -> str:
    """Every message of an import: its check, then its application. The id of the import."""
    work_id = begun["work"]["work_id"]
    bodies: list[Json] = [{"kind": "begin"}, {"kind": "piece", "segment": 0}, {"kind": "piece", "segment": 1}, {"kind": "merge"}]
    for body in bodies:
        message(s, "apply_work", {"work_id": work_id, **body})
    assert ok(s.api.get(f"/work/{work_id}"))["status"] == "finished"
    return str(begun["import_id"])


def check_assignments(s: Sample) -> None:
    """One that names its package, and one that changes what stands."""
    text = f"customer_id,assignment_id,package,start_date,quantity,free_minutes\n{s.empty},,{s.minutes['name']},{day()},,5\n"
    one = s.begun
    announced = an_announced_file(s, "assignments", text + f"{one['customer_id']},{one['assignment_id']},,,{next(s.quantities)},\n")
    do_all_of(s, str(ok(s.api.post(f"/imports/{announced}/check"), 202)["work"]["work_id"]))


def a_replay(s: Sample) -> str:
    """Of a payment of today."""
    pay(s.api, s.customer, "1")
    asked = {"from": day(), "to": day(), "types": ["payment.recorded"]}
    return str(ok(s.api.post("/events/replay", json=asked), 202)["work_id"])


def audit_a_customer(s: Sample) -> None:
    """What can't be read is no failure of the work: it is told as not compared."""
    made = an_audit(s)
    do_all_of(s, made)
    assert ok(s.api.get(f"/audits/{made}"))["found"]["not_compared"] == 0


def begin_new_work(s: Sample) -> None:
    anew(s, "do_work")
    do_all_of(s, an_export(s))


DO_WORK: dict[str, Feature] = {
    "export the ledger": Feature("do-work:M history:P ledger:S results:RW runs:GPQU", lambda s: do_all_of(s, an_export(s))),
    "export customers": Feature("accounts:S do-work:M history:P results:RW runs:GPQU", lambda s: do_all_of(s, an_export(s, "customers"))),
    "export assignments": Feature(
        "accounts:BS catalog:B do-work:M history:P ledger:B results:RW runs:GPQU usage:B",
        lambda s: do_all_of(s, an_export(s, "assignments")),
    ),
    "audit": Feature("accounts:Q catalog:B do-work:M history:P ledger:Q results:RW runs:GPQU", audit_a_customer),
    "check a file": Feature("accounts:BQ catalog:BQ do-work:M history:P results:RW runs:BGPQU", check_assignments),
    "reconcile": Feature("accounts:S catalog:B do-work:M history:P results:RW runs:GPQU", lambda s: do_all_of(s, a_reconciliation(s))),
    "send events again": Feature("do-work:M events:E history:PS ledger:S results:RW runs:GPQU", lambda s: do_all_of(s, a_replay(s))),
    "export packages": Feature("catalog:Q do-work:M history:P results:RW runs:GPQU", lambda s: do_all_of(s, an_export(s, "packages"))),
    "begin": Feature("catalog:G do-work:M history:P ledger:S results:RW runs:GPQU", begin_new_work, is_slow=True),
}


TELL: dict[str, Feature] = {
    "tell of a payment": Feature("events:E", lambda s: tell_of_a_payment(s.stack)),
    "give up what can't be read": Feature("tell-dead-letters:M", lambda s: tell_of_a_payment(s.stack, version={"S": "none"})),
}
PREPARED = {
    "api_handler": (
        "imported", "exported", "audited", "reconciled", "forecast", "kept", "package", "assignment", "empty", "caller", "held", "begun",
        "future", "replaceable", "ahead", "fleet", "overspent", "charge",
    ),
    "run_package": ("assignment", "spender", "overspent", "held"),
    "post_charges": ("assignment", "plain", "poor", "spender", "rich", "reversible"),
    "record_usage": ("fleet",),
    "apply_work": ("unseen", "imported", "assigned", "begun", "empty", "minutes", "quantities"),
    "do_work": ("begun", "empty", "minutes", "quantities", "assignment", "audited", "charged", "caller", "waiting", "spender"),
    "tell": (),
}  # fmt: skip
FEATURES = {
    "api_handler": API,
    "evaluate_due_charges": EVALUATION,
    "run_package": RUN_PACKAGE,
    "post_charges": POST_CHARGES,
    "do_work": DO_WORK,
    "tell": TELL,
}
