"""The examples of the document: a short story told to the running service, and what it really answered.

Ids that the server makes, digests of them, instants and today's date differ from run to run; they are replaced by fixed ones, so that the
same service always gives the same examples.
"""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx

from tools.embedded import EmbeddedStack

Json = dict[str, Any]
_MADE_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*[+-]\d\d:\d\d")
_CURSOR: Final = re.compile(r'"next_cursor": "[^"]+"')
_DIGEST: Final = re.compile(r'"(digest|expect)": "[0-9a-f]{64}"')
_LINK: Final = re.compile(r'"link": "http:[^"]*')
_FILE: Final = re.compile(r'"size": [0-9]+, "sha256": "[0-9a-f]+", "link": "[^"]*')
_FIRST_ID: Final = "01M82Z7BJX2VDR1WG2EXAB0"
_SHOWN_DIGEST: Final = "9f2b7c41d8e0" + "5a" * 26
_SHOWN_DAY: Final = "2031-03-03"
_SHOWN_INSTANT: Final = f"{_SHOWN_DAY}T09:30:00+00:00"
CUSTOMER_LINES_MAX: Final = "5"
"""What the stack of the story takes as too much to charge a customer, so that one is parked."""


class Recorder:
    """Makes calls and keeps them as examples: operation -> name -> {parameters, request, response}."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        self.told: dict[str, dict[str, Json]] = {}

    def __call__(
        self,
        operation: str,
        name: str,
        method: str,
        path: str,
        *,
        ids: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        body: Any = None,
        csv: str | None = None,
    ) -> Any:
        """Makes a call and keeps it. Raises `HTTPStatusError` for a refusal."""
        answer = self.api.request(method, path.format(**ids or {}), params=query or {}, **_content(body, csv))
        answer.raise_for_status()
        response = answer.json() if answer.content else None
        kept = {"parameters": (ids or {}) | (query or {}), "request": csv or body, "response": response}
        self.told.setdefault(operation, {})[name] = kept
        return response


def _content(body: Any, csv: str | None) -> Json:
    return {"json": body} if csv is None else {"content": csv.encode(), "headers": {"Content-Type": "text/csv"}}


def tell(stack: EmbeddedStack, api: httpx.Client) -> dict[str, dict[str, Json]]:
    """Tells the story; the examples, made comparable."""
    say = Recorder(api)
    package = _packages(say)
    assignment = _customers(say, package)
    _usage(say)
    _runs(say)
    _exports(say, stack)
    _held(say, package)
    _parked(say, stack)
    _audits(say)
    _reconciliations(say)
    _imports(say, stack)
    _ends(say, assignment)
    found: dict[str, dict[str, Json]] = json.loads(comparable(json.dumps(say.told)))
    return found


def comparable(text: str) -> str:
    """The text with fixed ids, instants and today in place of real ones."""
    ids = {made: f"{_FIRST_ID}{n:03d}" for n, made in enumerate(dict.fromkeys(_MADE_ID.findall(text)))}
    text = _CURSOR.sub('"next_cursor": "b3BhcXVl"', text)
    text = _FILE.sub(r'"size": 1437, "sha256": "' + _SHOWN_DIGEST + r'", "link": "https://bucket.s3.amazonaws.com/...', text)
    text = _LINK.sub('"link": "https://bucket.s3.amazonaws.com/...', text)
    text = _DIGEST.sub(rf'"\1": "{_SHOWN_DIGEST}"', text)
    shown = _MADE_ID.sub(lambda found: ids[found[0]], _INSTANT.sub(_SHOWN_INSTANT, text))
    today = datetime.now(UTC).date()
    for day in (today, today - timedelta(days=1)):
        shown = shown.replace(day.isoformat(), _SHOWN_DAY)
    for ahead in range(1, 400):
        later = date.fromisoformat(_SHOWN_DAY) + timedelta(days=ahead)
        shown = shown.replace((today + timedelta(days=ahead)).isoformat(), later.isoformat())
    return shown


def _packages(say: Recorder) -> str:
    fields: Json = {"name": "Hosted phone", "cost": "7.25", "retail": "12.50", "setup_retail": "10.00"}
    monthly = fields | {"frequency": "monthly", "frequency_match": [15, 31]}
    package = str(say("create_package", "monthly_on_15_and_31", "POST", "/packages", body=monthly)["package_id"])
    free = {"name": "100 minutes UK", "retail": "4.00", "frequency": "monthly", "type": "free_minutes", "destination": "^44"}
    say("create_package", "free_minutes", "POST", "/packages", body=free)
    minimum = {"name": "Minimum 30", "retail": "30.00", "frequency": "monthly", "minimum_spend": True}
    say("create_package", "minimum_spend", "POST", "/packages", body=minimum)
    ids = {"package_id": package}
    file = "name,retail,frequency\r\nFax,3.00,monthly\r\n"
    say("check_packages", "a_file", "POST", "/packages/import/check", csv=file)
    say("import_packages", "dry_run", "POST", "/packages/import", csv=file)
    say("import_packages", "written", "POST", "/packages/import", query={"dry_run": "false"}, csv=file)
    say("list_packages", "first_page", "GET", "/packages", query={"limit": "2"})
    say("read_package", "one", "GET", "/packages/{package_id}", ids=ids)
    say("replace_package", "all_fields", "PUT", "/packages/{package_id}", ids=ids, body=monthly)
    say("change_package", "description", "PATCH", "/packages/{package_id}", ids=ids, body={"description": "A desk phone with a number"})
    list_path = "/packages/{package_id}/prices/{from}"
    say("write_price_list", "for_all", "PUT", list_path, ids=ids | {"from": "2031-03-01"}, body={"retail": "13.50", "cost": "7.75"})
    dearer = {"retail": "14.50", "existing": False}
    say("write_price_list", "for_new_assignments", "PUT", list_path, ids=ids | {"from": "2031-06-01"}, body=dearer)
    say("read_price_lists", "three", "GET", "/packages/{package_id}/prices", ids=ids)
    say("remove_price_list", "that_has_not_begun", "DELETE", list_path, ids=ids | {"from": "2031-06-01"})
    say("read_package_history", "latest", "GET", "/packages/{package_id}/history", ids=ids, query={"limit": "3"})
    rule = {"frequency": "monthly", "frequency_match": "15,31", "start": "2031-01-15", "count": "4"}
    say("preview", "on_15_and_31", "GET", "/schedule", query=rule)
    days = {"start": "2031-01-15", "from": "2031-02-01", "to": "2031-04-30"}
    say("package_schedule", "a_quarter", "GET", "/packages/{package_id}/schedule", ids=ids, query=days)
    return package


def _customers(say: Recorder, package: str) -> str:
    ids = {"customer_id": "acme"}
    say("write_customer", "new", "PUT", "/customers/{customer_id}", ids=ids, body={"name": "Acme Ltd", "debit_limit": "100"})
    edit: Json = {"name": "Acme Limited", "email": "billing@acme.example", "tags": ["reseller"]}
    say("change_customer", "name", "PATCH", "/customers/{customer_id}", ids=ids, body=edit)
    say("read_customer", "one", "GET", "/customers/{customer_id}", ids=ids)
    say("list_customers", "first_page", "GET", "/customers", query={"limit": "2"})
    say("list_customers", "sought", "GET", "/customers", query={"search": "acm"})
    body: Json = {"package_id": package, "quantity": 4, "start_date": "2031-01-15", "auto_decrement_credit": True}
    tried = {"dry_run": "true"}
    say("create_assignment", "dry_run", "POST", "/customers/{customer_id}/assignments", ids=ids, query=tried, body=body)
    made = say("create_assignment", "to_a_customer", "POST", "/customers/{customer_id}/assignments", ids=ids, body=body)
    listed = "customer_id,name,debit_limit\r\nacme,Acme Ltd,250\r\nlumen,Lumen AG,\r\n"
    say("check_customers", "a_file", "POST", "/customers/import/check", csv=listed)
    say("import_customers", "dry_run", "POST", "/customers/import", csv=listed)
    file = f"customer_id,package_id,start_date\r\nacme,{package},2031-03-01\r\n"
    say("check_assignments", "a_file", "POST", "/assignments/import/check", csv=file)
    say("import_assignments", "dry_run", "POST", "/assignments/import", csv=file)
    body = {"package_id": package, "did": "442079460000", "start_date": "2031-02-01", "end_date": "2031-12-31"}
    say("create_assignment", "to_a_did", "POST", "/customers/{customer_id}/assignments", ids=ids, body=body)
    say("list_assignments", "first_page", "GET", "/customers/{customer_id}/assignments", ids=ids, query={"limit": "1"})
    say(
        "list_assignments_of_package",
        "first_page",
        "GET",
        "/packages/{package_id}/assignments",
        ids={"package_id": package},
        query={"limit": "1"},
    )
    say("find_assignments", "of_a_number", "GET", "/assignments", query={"did": "442079460000"})
    say("list_dids", "sought", "GET", "/dids", query={"search": "+44 20"})
    say("list_assignments_of_did", "first_page", "GET", "/dids/{did}/assignments", ids={"did": "442079460000"})
    one = ids | {"assignment_id": str(made["assignment_id"])}
    say("read_assignment", "one", "GET", "/customers/{customer_id}/assignments/{assignment_id}", ids=one)
    changes = {"end_date": "2031-12-31"}
    say("change_assignment", "end_date", "PATCH", "/customers/{customer_id}/assignments/{assignment_id}", ids=one, body=changes)
    _steps(say, package)
    terms, promotion = "/customers/{customer_id}/assignments/{assignment_id}/terms", one | {"from": "2031-06-01"}
    body = {"discount": "20", "until": "2031-08-31"}
    say("write_terms", "promotion", "PUT", terms + "/{from}", ids=promotion, body=body)
    say("read_terms", "all", "GET", terms, ids=one)
    say("remove_terms", "one", "DELETE", terms + "/{from}", ids=promotion)
    say("read_customer_history", "latest", "GET", "/customers/{customer_id}/history", ids=ids, query={"limit": "4"})
    return one["assignment_id"]


def _steps(say: Recorder, package: str) -> None:
    """A replacement and a transfer, undone again."""
    say.api.put("/customers/globex", json={"name": "Globex"}).raise_for_status()
    body = {"package_id": package, "did": "12025550143", "start_date": "2031-01-15"}
    made = say.api.post("/customers/acme/assignments", json=body).json()["assignment_id"]
    path = "/customers/{customer_id}/assignments/{assignment_id}"
    ids = {"customer_id": "acme", "assignment_id": made}
    changed = {"package_id": package, "from": "2031-03-20", "quantity": 2, "setup_retail": "0"}
    say("replace_assignment", "dry_run", "POST", path + "/replacement", ids=ids, query={"dry_run": "true"}, body=changed)
    new = say("replace_assignment", "more_units", "POST", path + "/replacement", ids=ids, body=changed)["new"]
    say.api.delete(path.format(customer_id="acme", assignment_id=new["assignment_id"])).raise_for_status()
    to, did = {"customer_id": "globex", "from": "2031-03-20"}, {"did": "12025550143"}
    say("transfer_did", "dry_run", "POST", "/dids/{did}/transfer", ids=did, query={"dry_run": "true"}, body=to)
    moved = say("transfer_did", "to_another", "POST", "/dids/{did}/transfer", ids=did, body=to)["items"][0]["new"]
    for customer, one in (("globex", moved["assignment_id"]), ("acme", made)):
        say.api.delete(path.format(customer_id=customer, assignment_id=one)).raise_for_status()
    _closing(say, package)


def _closing(say: Recorder, package: str) -> None:
    """A customer who leaves, with something that has begun and something that has not."""
    today, ids = datetime.now(UTC).date(), {"customer_id": "globex"}
    free = {"package_id": package, "retail": "0", "cost": "0", "setup_retail": "0"}
    for ahead in (0, 30):
        body = free | {"start_date": (today + timedelta(days=ahead)).isoformat()}
        say.api.post("/customers/globex/assignments", json=body).raise_for_status()
    on, path = {"on": (today + timedelta(days=9)).isoformat()}, "/customers/{customer_id}/closing"
    shown = say("close_customer", "dry_run", "POST", path, ids=ids, query={"dry_run": "true"}, body=on)
    seen = [{"assignment_id": one["assignment_id"], "version": one["version"]} for one in shown["items"]]
    say("close_customer", "carried_out", "POST", path, ids=ids, body=on | {"assignments": seen})


def _usage(say: Recorder) -> None:
    ids = {"customer_id": "acme"}
    free = say.told["create_package"]["free_minutes"]["response"]
    resold = say.api.post("/packages", json={"name": "Voicemail", "connexcs_package": "voicemail"}).json()
    for body in (
        {"package_id": free["package_id"], "start_date": "2031-01-01", "free_minutes": 100},
        {"package_id": resold["package_id"], "start_date": "2031-01-01"},
    ):
        say.api.post("/customers/acme/assignments", json=body).raise_for_status()
    call = {
        "call_id": "switch1-000042",
        "started_at": "2031-02-20T09:30:00Z",
        "destination": "442079460000",
        "seconds": 6600,
        "charge": "1.10",
    }
    say("record_usage", "one_call", "POST", "/customers/{customer_id}/usage", ids=ids, body={"calls": [call]})
    adjustment = {"amount": "2.50", "reason": "Rounding of last year's invoices"}
    say("adjust", "adjustment", "POST", "/customers/{customer_id}/adjustments", ids=ids, body=adjustment)
    visit = {"description": "Visit of a technician, per hour", "retail": "60.00", "cost": "35.00", "quantity": 2, "date": "2031-02-20"}
    say("charge_one_off", "visit", "POST", "/customers/{customer_id}/charges", ids=ids, body=visit | {"auto_decrement_credit": True})
    range_ = {"from": "2031-02-01", "to": "2031-02-28"}
    say("read_usage", "a_month", "GET", "/customers/{customer_id}/usage", ids=ids, query=range_)
    say("read_minutes", "a_day", "GET", "/customers/{customer_id}/minutes", ids=ids, query={"date": "2031-02-20"})
    say("read_features", "a_day", "GET", "/customers/{customer_id}/features", ids=ids, query={"date": "2031-02-20"})


def _runs(say: Recorder) -> None:
    ids = {"customer_id": "acme"}
    say("simulate", "one_customer", "POST", "/runs/simulations", body={"customer": "acme", "date": "2031-02-28"})
    say("simulate", "all_customers", "POST", "/runs/simulations", body={"date": "2031-02-28"})
    kept = say("simulate", "kept", "POST", "/runs/simulations", body={"date": "2031-02-28", "if_charged": "skip", "keep": True})
    _wait_for(say, kept)
    made = {"work_id": kept["work_id"]}
    say("read_simulation", "finished", "GET", "/runs/simulations/{work_id}", ids=made)
    say("list_simulated_customers", "first_page", "GET", "/runs/simulations/{work_id}/customers", ids=made, query={"limit": "2"})
    only = {"customer": "acme", "limit": "2"}
    say("list_simulated_lines", "of_a_customer", "GET", "/runs/simulations/{work_id}/lines", ids=made, query=only)
    asked = {"customer": "acme", "simulate": "yes", "date": "2031-02-28"}
    seen = say("run", "simulate_one_customer", "POST", "/runs", body=asked)["digest"]
    say("run", "simulate_all_customers", "POST", "/runs", body={"date": "2031-02-28"})
    live = {"customer": "acme", "simulate": "no", "date": "2031-02-28", "run_id": "acme-2031-02-28", "expect": seen}
    say("run", "live", "POST", "/runs", body=live)
    _forecasts(say)
    run = {"run_id": "acme-2031-02-28"}
    say("list_runs", "first_page", "GET", "/runs", query={"limit": "2"})
    say("read_run", "finished", "GET", "/runs/{run_id}", ids=run)
    say("list_run_lines", "first_page", "GET", "/runs/{run_id}/lines", ids=run, query={"limit": "1"})
    payment = {"amount": "30.00", "reference": "bank transfer 4711"}
    say("pay", "payment", "POST", "/customers/{customer_id}/payments", ids=ids, body=payment)
    say("pay", "correction", "POST", "/customers/{customer_id}/payments", ids=ids, body={"amount": "-5.00", "reference": "wrong customer"})
    range_ = {"from": "2031-02-01", "to": "2031-02-28"}
    entries = say.api.get("/customers/acme/ledger").json()["items"]
    charge = next(one["entry_id"] for one in entries if one["kind"] == "recurring" and one["date"] == "2031-02-28")
    credit, charged = "/customers/{customer_id}/ledger/{entry_id}/credit", ids | {"entry_id": charge}
    say("credit_entry", "a_part", "POST", credit, ids=charged, body={"retail": "10.00", "reason": "Out of order for a week"})
    again: Json = {"recharge": True, "reason": "Charged at the price of another package"}
    say("credit_entry", "to_be_charged_again", "POST", credit, ids=charged, body=again)
    say("read_ledger", "a_month", "GET", "/customers/{customer_id}/ledger", ids=ids, query=range_)
    newest = {"order": "desc", "kind": "recurring", "limit": "1"}
    say("read_ledger", "newest_first", "GET", "/customers/{customer_id}/ledger", ids=ids, query=newest)
    today = datetime.now(UTC).date().isoformat()
    days = {"from": today, "to": today}
    say("read_customer_statement", "a_day", "GET", "/customers/{customer_id}/statement", ids=ids, query=days)
    say("reverse_run", "all_of_it", "POST", "/runs/{run_id}/reversal", ids=run)


def _wait_for(say: Recorder, made: Mapping[str, Any]) -> None:
    while say.api.get(f"/work/{made['work_id']}").json()["status"] == "running":
        time.sleep(0.1)


def _exports(say: Recorder, stack: EmbeddedStack) -> None:
    """One is finished; another is cancelled before anything has begun of it."""
    today = datetime.now(UTC).date().isoformat()
    asked = {"what": "ledger", "posted_from": today, "posted_to": today}
    ids = {"work_id": say("request_export", "of_a_day", "POST", "/exports", body=asked)["work_id"]}
    _wait_for(say, ids)
    say("read_export", "finished", "GET", "/exports/{work_id}", ids=ids)
    say("read_work", "finished", "GET", "/work/{work_id}", ids=ids)
    say("list_work", "first_page", "GET", "/work", query={"limit": "1"})
    days = {"from": today, "to": today, "types": ["payment.recorded"]}
    _wait_for(say, say("request_replay", "payments", "POST", "/events/replay", body=days))
    _changes(say)
    _wait_for(say, say("request_reindex", "once", "POST", "/reindex"))
    stack.set_consumers(enabled=False)
    other = {"work_id": say.api.post("/exports", json=asked).json()["work_id"]}
    say("cancel_work", "just_begun", "DELETE", "/work/{work_id}", ids=other)
    stack.set_consumers(enabled=True)


def _audits(say: Recorder) -> None:
    """Of one customer, once days are evaluated."""
    ids = {"work_id": say("request_audit", "of_a_customer", "POST", "/audits", body={"customer": "acme"})["work_id"]}
    _wait_for(say, ids)
    say("read_audit", "finished", "GET", "/audits/{work_id}", ids=ids)
    say("list_findings", "first_page", "GET", "/audits/{work_id}/findings", ids=ids, query={"limit": "2"})


def _changes(say: Recorder) -> None:
    """A discount for one customer, tried, applied and undone."""
    asked = {"what": "terms", "where": {"customers": ["acme"]}, "from": "2031-06-01", "terms": {"discount": "5"}}
    made = say("request_change", "a_discount", "POST", "/changes", body=asked)
    _wait_for(say, made)
    ids = {"work_id": made["work_id"]}
    say("read_change", "tried", "GET", "/changes/{work_id}", ids=ids)
    say("list_changed_items", "first_page", "GET", "/changes/{work_id}/items", ids=ids, query={"limit": "2"})
    done = say("apply_change", "begun", "POST", "/changes/{work_id}/application", ids=ids)
    _wait_for(say, done)
    _wait_for(say, say("undo_change", "begun", "POST", "/changes/{work_id}/undo", ids={"work_id": done["work_id"]}))


def _reconciliations(say: Recorder) -> None:
    """A carrier's list that differs from what is billed in every way."""
    file = "did;cost;currency;customer_id\r\n+44 20 7946 0901;1.50;USD;other\r\n0044 (20) 7946-0777;1.20;USD;\r\n"
    made = say("request_reconciliation", "a_file", "POST", "/reconciliations", query={"date": "2031-02-28"}, csv=file)
    ids = {"work_id": made["work_id"]}
    while say.api.get(f"/work/{ids['work_id']}").json()["status"] == "running":
        time.sleep(0.1)
    say("read_reconciliation", "finished", "GET", "/reconciliations/{work_id}", ids=ids)
    unbilled = {"kind": "unbilled", "limit": "2"}
    say("list_discrepancies", "first_page", "GET", "/reconciliations/{work_id}/discrepancies", ids=ids, query=unbilled)


def _imports(say: Recorder, stack: EmbeddedStack) -> None:
    """A file is announced, put to its link, checked and applied. Of another one a row fails, and is tried again."""
    made = say("announce_import", "of_customers", "POST", "/imports", body={"kind": "customers"})
    ids = {"import_id": made["import_id"]}
    httpx.put(made["upload"]["link"], content="customer_id,name,debit_limit\nbrown,Brown Ltd,100\ngreen,Green Ltd,50\n").raise_for_status()
    _wait_for(say, say("check_import", "once_it_is_there", "POST", "/imports/{import_id}/check", ids=ids)["work"])
    _wait_for(say, say("apply_import", "checked", "POST", "/imports/{import_id}/application", ids=ids)["work"])
    say("read_import", "finished", "GET", "/imports/{import_id}", ids=ids)
    _failed_row(say, stack)
    undo = {"dry_run": "true"}
    say("undo_import", "dry_run", "POST", "/imports/{import_id}/undo", ids=ids, query=undo)
    say("list_imported_rows", "made", "GET", "/imports/{import_id}/rows", ids=ids, query={"limit": "2"})


def _failed_row(say: Recorder, stack: EmbeddedStack) -> None:
    """Somebody changes a customer after the check has seen it."""
    stack.set_consumers(enabled=False)
    made = say.api.post("/imports", json={"kind": "customers"}).json()
    httpx.put(made["upload"]["link"], content="customer_id,name\nbrown,Brown and Sons\ngreen,Green and Sons\n").raise_for_status()
    ids = {"import_id": made["import_id"]}
    work = say.api.post(f"/imports/{ids['import_id']}/application").json()["work"]
    for body in ({"kind": "begin"}, {"kind": "piece", "segment": 0}):
        message = {"messageId": "one", "body": json.dumps({"work_id": work["work_id"], **body})}
        stack.invoke("apply_work", {"Records": [message]})
    say.api.patch("/customers/green", json={"debit_limit": "60"}).raise_for_status()
    stack.set_consumers(enabled=True)
    _wait_for(say, work)
    stack.set_consumers(enabled=False)  # or the answer may say that a row is checked already
    again = say("retry_import", "one_row", "POST", "/imports/{import_id}/retry", ids=ids)["work"]
    stack.set_consumers(enabled=True)
    _wait_for(say, again)


def _forecasts(say: Recorder) -> None:
    asked = {"customer": "acme", "from": "2031-03-01", "to": "2031-05-31"}
    made = say("forecast", "a_quarter", "POST", "/forecasts", body=asked)
    dearer = {"package_id": made["by_package"][0]["package_id"], "from": "2031-04-01", "retail": "13.75"}
    discount = {"customer_id": "acme", "from": "2031-05-01", "until": "2031-05-31", "percent": "10"}
    changes = {"prices": [dearer], "discounts": [discount]}
    say("forecast", "what_if", "POST", "/forecasts", body={**asked, "changes": changes})
    of_all = {"from": "2031-03-01", "to": "2031-04-30", "changes": changes}
    ids = {"work_id": say("forecast", "of_all_customers", "POST", "/forecasts", body=of_all)["work_id"]}
    _wait_for(say, ids)
    say("read_forecast", "finished", "GET", "/forecasts/{work_id}", ids=ids)
    say("list_forecast_customers", "first_page", "GET", "/forecasts/{work_id}/customers", ids=ids, query={"currency": "USD", "limit": "1"})
    say("list_forecast_short", "first_page", "GET", "/forecasts/{work_id}/short", ids=ids)


def _held(say: Recorder, package: str) -> None:
    say.api.put("/customers/poor", json={"name": "Poor Ltd", "debit_limit": "0"}).raise_for_status()
    body = {"package_id": package, "start_date": "2031-02-01", "auto_decrement_credit": True}
    say.api.post("/customers/poor/assignments", json=body).raise_for_status()
    live = {"customer": "poor", "simulate": False, "date": "2031-02-15", "run_id": "poor-2031-02-15"}
    say.api.post("/runs", json=live).raise_for_status()
    held = say("list_held", "of_a_customer", "GET", "/held", query={"customer": "poor", "sums": "true"})["items"][0]
    say("try_held", "too_early", "POST", "/held/{entry_id}/attempt", ids={"entry_id": held["entry_id"]})
    say("cancel_held", "write_off", "POST", "/held/{entry_id}/cancellation", ids={"entry_id": held["entry_id"]})


def _parked(say: Recorder, stack: EmbeddedStack) -> None:
    """A customer with more to charge in one evaluation than the stack of the story allows, and what is made after it."""
    say.api.put("/customers/large", json={"name": "Large Ltd"}).raise_for_status()
    today = datetime.now(UTC).date()
    many = say.api.post("/packages", json={"name": "Extension", "retail": "1.00", "frequency": "daily"}).json()["package_id"]
    for _ in range(int(CUSTOMER_LINES_MAX) + 1):
        body = {"package_id": many, "start_date": (today + timedelta(days=1)).isoformat()}
        say.api.post("/customers/large/assignments", json=body).raise_for_status()
    ending = {"package_id": many, "quantity": 3, "start_date": today.isoformat(), "end_date": (today + timedelta(days=20)).isoformat()}
    say.api.post("/customers/globex/assignments", json=ending).raise_for_status()
    say.api.put(f"/packages/{many}/prices/{today + timedelta(days=35)}", json={"retail": "1.20"}).raise_for_status()
    run = stack.invoke("evaluate_due_charges", {"date": (today + timedelta(days=1)).isoformat(), "allow_future": True})
    while say.api.get(f"/runs/{run['run_id']}").json()["status"] == "running":
        pass
    _overview(say)
    say("read_outlook", "now", "GET", "/customers/{customer_id}/outlook", ids={"customer_id": "globex"})
    say("unpark", "one", "POST", "/customers/{customer_id}/unpark", ids={"customer_id": "large"})


def _overview(say: Recorder) -> None:
    """What is made after a daily run."""
    while say.api.get("/overview").status_code == 404:
        time.sleep(0.1)
    say("read_settings", "usual", "GET", "/settings")
    say("read_overview", "newest", "GET", "/overview")
    largest = {"currency": "USD", "sort": "value", "order": "desc", "limit": "2"}
    say("list_overview_customers", "largest", "GET", "/overview/customers", query=largest)
    narrowed = {"currency": "USD", "search": "acm"}
    say("list_overview_customers", "sought", "GET", "/overview/customers", query=narrowed)
    say("list_overview_packages", "largest", "GET", "/overview/packages", query=largest)
    say("list_announced_prices", "first_page", "GET", "/overview/prices", query={"limit": "2"})
    say("list_ending", "first_page", "GET", "/overview/ending", query={"limit": "2"})


def _ends(say: Recorder, assignment: str) -> None:
    ids = {"customer_id": "acme", "assignment_id": assignment}
    say("end_assignment", "one", "DELETE", "/customers/{customer_id}/assignments/{assignment_id}", ids=ids)
    unused = say.api.post("/packages", json={"name": "Never sold"}).json()["package_id"]
    say("delete_package", "one", "DELETE", "/packages/{package_id}", ids={"package_id": unused})
    say.api.put("/customers/mistake", json={}).raise_for_status()
    say("delete_customer", "one", "DELETE", "/customers/{customer_id}", ids={"customer_id": "mistake"})
    say("health", "well", "GET", "/health")
