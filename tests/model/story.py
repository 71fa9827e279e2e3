"""Random stories of two customers: each request is told to the service and to the books, and both must come to the same.

tell(7)       # raises Differs, with the seed and the story so far, when they do not
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracles.books.books import Books, used_of
from tests.oracles.books.customers import Customer, Refused
from tests.oracles.books.customers import Entry as LedgerEntry
from tests.oracles.books.rulebook import Assignment, Package
from tests.oracles.books.runs import ReportLine
from tests.oracles.dated import ONE_DAY, Entry, PriceList, Terms

from . import read
from .service import Answer, Service

CUSTOMERS = ("ada", "bob")
DIDS = ("442079460901", "12025550143")
NUMBERS = ("442071", "12025", "33170")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REQUESTS = 30
TERMS = ("quantity", "auto_decrement_credit", "free_minutes")
WRITTEN_OFF = 0.2
CREDITED = 0.06
PATH = "/customers/{customer_id}"
ASSIGNMENT = PATH + "/assignments/{assignment_id}"
IMPORT_COLUMNS = (
    "customer_id", "package_id", "did", "quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes",
    "charge_from", "confirm_backlog",
)  # fmt: skip


class Differs(AssertionError):
    """The service and the books came to different ends."""


class Story:
    """One story. `told` counts what happened in it."""

    def __init__(self, seed: int, books: type[Books] = Books) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.credits = random.Random(f"credits of {seed}")  # apart, so that other requests are drawn as they were before
        self.of_proration = seed % 3 == 2
        today = date(2024, 1, 20) + timedelta(days=self.chance.randrange(60))
        self.service = Service(today, self.chance.choice((1, 2, 3)))
        self.books = books(today)
        self.lines: list[str] = []
        self.told: Counter[str] = Counter()
        self._calls: list[dict[str, Any]] = []
        self._runs: list[tuple[dict[str, Any], Any]] = []

    # Chance

    def pick(self, *of: Any) -> Any:
        return self.chance.choice(of)

    def perhaps(self, probability: float) -> bool:
        return self.chance.random() < probability

    def near(self, earliest: int, latest: int) -> date:
        return self.books.today + timedelta(days=self.chance.randint(earliest, latest))

    def a_customer(self) -> Customer:
        return self.books.customers[self.pick(*CUSTOMERS)]

    def a_package(self) -> Package:
        return self.chance.choice(list(self.books.packages.values()))

    def an_assignment(self) -> Assignment | None:
        every = [one for customer in self.books.customers.values() for one in customer.assignments.values()]
        return self.pick(*every) if every else None

    # The story

    def tell(self) -> Counter[str]:
        """All of it. Raises `Differs`."""
        for customer_id in CUSTOMERS:
            self._furnish(customer_id)
        for _ in range(self.pick(2, 3, 4)):
            self.define()
        for _ in range(self.pick(1, 2, 3)):
            self.assign()
        weights = self._weights()
        for _ in range(REQUESTS):
            request = self.chance.choices(list(weights), list(weights.values()))[0]
            before = self.service.writes
            request(self)
            self._compare() if request not in READING else self.same("writes of a request that reads", self.service.writes, before)
            if self.credits.random() < CREDITED:
                self.credit()
                self._compare()
        self._count_entries()
        return self.told

    def _weights(self) -> dict[Callable[["Story"], None], float]:
        return {**DRAWN, **PRORATING} if self.of_proration else {**DRAWN}

    def _count_entries(self) -> None:
        """What the ledgers hold in the end."""
        for entry in (entry for customer in self.books.customers.values() for entry in customer.entries):
            self.told["entry of a negative line"] += entry.negative
            self.told["negative entry that was held"] += entry.negative and not (entry.status == "posted" and entry.run_id is None)
            self.told["repeat less negative lines"] += entry.repeat and entry.line is not None and entry.retail < entry.line.nominal

    def _furnish(self, customer_id: str) -> None:
        limit = self.pick(None, None, "0", "5", "30")
        self.note(f"customer {customer_id}, debit limit {limit}")
        self.ask("PUT", PATH, {"currency": "USD", "debit_limit": limit}, customer_id=customer_id)
        self.books.customers[customer_id] = Customer(customer_id, "USD", None if limit is None else Fraction(limit))

    def note(self, line: str) -> None:
        self.lines.append(f"{self.books.today} {line}")

    def differ(self, what: str, service: Any, books: Any) -> None:
        story = "\n  ".join(self.lines)
        raise Differs(f"seed {self.seed}: {what}\n  {story}\n the service: {service}\n the books:   {books}")

    def same(self, what: str, service: Any, books: Any) -> None:
        """Raises `Differs` unless both are the same."""
        if service != books:
            self.differ(what, service, books)

    def ask(self, method: str, path: str, body: Any = None, **found: Any) -> Answer:
        return self.service.request(method, path, body, **found)

    def agree(self, name: str, answer: Answer, context: Callable[[], Any]) -> Any:
        """Tell the books what the service has answered. Both refuse, for a reason that the books know, or neither does."""
        try:
            result = context()
        except Refused as refused:
            self.told[f"{name}: {answer.refused}"] += 1
            if answer.refused not in refused.reasons:
                self.differ(f"{name} must be refused", answer.refused or answer.body, refused.reasons)
            return None
        if answer.refused:
            self.differ(f"{name} must not be refused", answer.refused, result)
        self.told[name] += 1
        return result

    def _compare(self) -> None:
        """Balances, held charges, ledgers and assignments of both customers."""
        for customer in self.books.customers.values():
            stands = self.ask("GET", PATH, customer_id=customer.customer_id).body
            self.same("balances", Fraction(stands["balance"]), customer.balance)
            self.same("numbers of held charges", stands["held_charges"], customer.held_entries())
            ledger = self.service.pages(PATH + "/ledger", customer_id=customer.customer_id)
            self._same_entries(Counter(map(read.entry, ledger)), Counter(entry.told() for entry in customer.entries))
            given = self.service.pages(PATH + "/assignments", customer_id=customer.customer_id)
            self.same(
                "assignments",
                {read.assignment(one) for one in given},
                {read.known(one, self.books.shown_day(one)) for one in customer.assignments.values()},
            )

    def _same_entries(self, service: Counter[Any], books: Counter[Any]) -> None:
        if service != books:
            self.differ("ledgers", sorted(map(str, service - books)), sorted(map(str, books - service)))

    # Packages

    def define(self) -> None:
        """A package of any kind."""
        body = self._draw_package()
        made = self.ask("POST", "/packages", body).body
        self.note(f"package {made['package_id']} {body}")
        self.books.define(read.package(made))

    def _draw_package(self) -> dict[str, Any]:
        often = ("daily", "daily", "daily") if not self.of_proration else ("weekly", "monthly", "monthly")
        frequency = self.pick("none", *often, "daily", "weekly", "weekly", "monthly", "quarterly", "yearly")
        days = {"weekly": WEEKDAYS, "monthly": range(1, 32)}.get(frequency, ())
        minutes = self.perhaps(0.35)
        body = {
            "name": "P", "currency": "EUR" if self.perhaps(0.05) else "USD", "cost": self.pick("0", "1.5"),
            "retail": self.pick(*(("2", "9.99", "3.333333", "50") if self.of_proration else ("0", "2", "9.99", "3.333333"))),
            "setup_cost": "0", "setup_retail": self.pick("0", "0", "4"),
            "frequency": frequency, "frequency_match": self.chance.sample(list(days), self.pick(0, 1, 2)) if days else [],
            "minimum_days": self.pick(0, 0, 0, 3), "type": "free_minutes" if minutes else "standard",
            "destination": self.pick("", "^44", "^44|^12", "^1|^120") if minutes else "",
            "every": self.pick(1, 1, 2, 3) if frequency in ("daily", "weekly", "monthly") else 1,
            "minimum_spend": frequency != "none" and self.perhaps(0.1 if self.of_proration else 0.3),
            "connexcs_package": self.pick(None, None, "asr"),
        }  # fmt: skip
        can_be = frequency not in ("none", "daily") or body["every"] > 1
        return body | {"proration": "daily" if can_be and self.of_proration else "none"}

    def price(self) -> None:
        """A price goes up or down."""
        package, name, value = self.a_package(), self.pick("cost", "retail", "setup_retail"), self.pick("0", "1", "7.25", "2.000001")
        self.note(f"{name} of {package.package_id} is {value}")
        answer = self.ask("PATCH", "/packages/{package_id}", {name: value}, package_id=package.package_id)
        self.agree("price", answer, lambda: self.books.price(package.package_id, **{name: Fraction(value)}))

    def put_prices(self) -> None:
        """A price list that begins on a day."""
        package, existing = self.a_package(), self.perhaps(0.7)
        begins, correct = (self.near(-6, 0), True) if self.perhaps(0.25) else (self.near(-1, 12), False)
        named = {name: self.pick("1", "2.5", "4.000001") for name in self.chance.sample(read.PRICES, self.pick(1, 2))}
        self.note(f"{package.package_id} costs {named} from {begins}, also those that there are: {existing}; a correction: {correct}")
        body = named | {"existing": existing, "confirm_backlog": True} | ({"reason": "typed wrong"} if correct else {})
        found = {"package_id": package.package_id, "from": begins.isoformat(), "correct": correct}
        answer = self.ask("PUT", "/packages/{package_id}/prices/{from}", body, **found)
        new = PriceList(begins=begins, existing=existing, prices={name: Fraction(value) for name, value in named.items()})
        name = "price correction" if correct else "price list"
        self.agree(name, answer, lambda: self.books.put_prices(package.package_id, new, correct=correct))

    def remove_prices(self) -> None:
        """A price list is taken away."""
        package = self.a_package()
        begins = self.pick(*(one.begins for one in package.lists if one.begins), self.near(0, 12))
        self.note(f"the prices of {package.package_id} from {begins} are taken away")
        found = {"package_id": package.package_id, "from": begins.isoformat()}
        answer = self.ask("DELETE", "/packages/{package_id}/prices/{from}", None, **found)
        self.agree("remove prices", answer, lambda: self.books.remove_prices(package.package_id, begins))

    def reshape(self) -> None:
        """The frequency of a package changes."""
        package, drawn = self.a_package(), self._draw_package()
        body = {name: drawn[name] for name in ("frequency", "frequency_match", "every", "minimum_spend", "proration")}
        self.note(f"{package.package_id} becomes {body}")
        fixed = {"frequency": body["frequency"], "match": read.match_days(body)}
        fixed |= {name: body[name] for name in ("every", "minimum_spend", "proration")}
        answer = self.ask("PATCH", "/packages/{package_id}", body, package_id=package.package_id)
        self.agree("reshape", answer, lambda: self.books.reshape(package.package_id, **fixed))

    def withdraw(self) -> None:
        """A package is deleted."""
        package = self.a_package()
        self.note(f"{package.package_id} is deleted")
        answer = self.ask("DELETE", "/packages/{package_id}", package_id=package.package_id)
        self.agree("delete package", answer, lambda: self.books.withdraw(package.package_id))

    # Customers

    def pay(self) -> None:
        """A payment or a correction."""
        customer, amount = self.a_customer(), self.pick("5", "20", "0.000001", "-4")
        self.note(f"{customer.customer_id} pays {amount}")
        body = {"amount": amount, "reference": "model"}
        answer = self.ask("POST", PATH + "/payments", body, customer_id=customer.customer_id)
        self.agree("pay", answer, lambda: self.books.pay(customer.customer_id, Fraction(amount)))

    def adjust(self) -> None:
        """The balance is moved by what is no payment."""
        customer, amount = self.a_customer(), self.pick("3", "-2.5")
        self.note(f"the balance of {customer.customer_id} is moved by {amount}")
        answer = self.ask("POST", PATH + "/adjustments", {"amount": amount, "reason": "model"}, customer_id=customer.customer_id)
        self.agree("adjust", answer, lambda: self.books.adjust(customer.customer_id, Fraction(amount)))

    def charge(self) -> None:
        """A charge that no package makes."""
        customer, day, debit, quantity = self.a_customer(), self.near(-4, 4), self.perhaps(0.7), self.pick(1, 3)
        retail, cost = self.pick("0", "1.25", "6", "40"), self.pick("0", "0", "2.000001")
        body = {"description": "a visit", "date": day.isoformat(), "retail": retail, "cost": cost, "quantity": quantity}
        self.note(f"{customer.customer_id} is charged {body}, debited: {debit}")
        body |= {"auto_decrement_credit": debit}
        answer = self.ask("POST", PATH + "/charges", body, customer_id=customer.customer_id)
        amounts = {"retail": Fraction(retail) * quantity, "cost": Fraction(cost) * quantity}
        charge_id = answer.body["entry_id"].split("~")[3] if answer.body else ""
        self.agree("charge", answer, lambda: self._charge(customer.customer_id, charge_id, day, amounts, debit))

    def _charge(self, customer_id: str, charge_id: str, day: date, amounts: dict[str, Fraction], debit: bool) -> None:
        if not any(amounts.values()):
            raise Refused("invalid")
        self.books.charge_once(customer_id, charge_id, day, retail=amounts["retail"], cost=amounts["cost"], debit=debit)

    def set_limit(self) -> None:
        """Another debit limit."""
        customer, limit = self.a_customer(), self.pick(None, "0", "3", "12")
        self.note(f"the debit limit of {customer.customer_id} is {limit}")
        answer = self.ask("PATCH", PATH, {"debit_limit": limit}, customer_id=customer.customer_id)
        self.agree("limit", answer, lambda: setattr(customer, "debit_limit", None if limit is None else Fraction(limit)))

    def set_currency(self) -> None:
        """Another currency, which most have too much history for."""
        customer, currency = self.a_customer(), self.pick("USD", "EUR")
        self.note(f"the currency of {customer.customer_id} is {currency}")
        answer = self.ask("PATCH", PATH, {"currency": currency}, customer_id=customer.customer_id)
        self.agree("currency", answer, lambda: self.books.set_currency(customer.customer_id, currency))

    def _entry_id(self, customer: Customer, entry: LedgerEntry) -> str | None:
        """The id of an entry; None where others look the same, as repeats of one charge by several runs may."""
        every = self.service.pages(PATH + "/ledger", customer_id=customer.customer_id)
        found = [one["entry_id"] for one in every if read.entry(one) == entry.told()]
        return found[0] if len(found) == 1 else None

    def credit(self) -> None:
        """A charge is credited, in part or as a whole, sometimes so that it is charged again."""
        drawn = self.credits
        customer = self.books.customers[drawn.choice(CUSTOMERS)]
        entries = [entry for entry in customer.entries if entry.kind not in ("payment", "adjustment") or drawn.random() < 0.05]
        entry = drawn.choice(entries) if entries else None
        entry_id = self._entry_id(customer, entry) if entry else None
        if entry is None or entry_id is None:
            return
        retail, recharge = drawn.choice((None, None, None, "0.5", "2", "9.99")), drawn.random() < 0.5
        body = {"reason": "wrong", "recharge": recharge} | ({"retail": retail} if retail else {})
        self.note(f"{entry_id} is credited {body}")
        answer = self.ask("POST", PATH + "/ledger/{entry_id}/credit", body, customer_id=customer.customer_id, entry_id=entry_id)
        given = Fraction(retail) if retail else None
        self.agree("credit", answer, lambda: self.books.credit(customer.customer_id, entry, given, recharge=recharge))

    def write_off(self) -> None:
        """A held charge is written off."""
        customer = self.pick(*([one for one in self.books.customers.values() if one.held()] or self.books.customers.values()))
        entries = [entry for entry in customer.entries if entry.line]
        if not entries:
            return
        entry = self.pick(*(customer.held() or entries))
        entry_id = self._entry_id(customer, entry)
        if entry_id is None:
            return
        self.note(f"{entry_id} is written off")
        answer = self.ask("POST", "/held/{entry_id}/cancellation", entry_id=entry_id)
        self.agree("write off", answer, lambda: self.books.write_off(customer.customer_id, entry))

    # Assignments

    def _draw_assignment(self, customer: Customer, package: Package) -> dict[str, Any]:
        start = self.near(-40, 12) if self.perhaps(0.2) else self.near(-4, 6)
        lasts = timedelta(days=self.pick(0, 1, 4, 20, 45))
        return {
            "package_id": package.package_id, "did": self.pick(*DIDS) if self.perhaps(0.4) else None, "quantity": self.pick(1, 1, 2, 7),
            "start_date": start.isoformat(), "end_date": read.text(start + lasts) if self.perhaps(0.35) else None,
            "auto_decrement_credit": self.perhaps(0.6), "free_minutes": self.pick(1, 2) if package.free_minutes else None,
            "charge_from": read.text(start + timedelta(days=self.pick(1, 3, 17))) if self.perhaps(0.15) else None,
            "confirm_backlog": self.perhaps(0.8),
        }  # fmt: skip

    def assign(self) -> None:
        """A package is given to a customer; sometimes the request is sent again."""
        customer, package = self.a_customer(), self.a_package()
        body = self._draw_assignment(customer, package)
        self.note(f"{customer.customer_id} gets {body}")
        answer = self.ask("POST", PATH + "/assignments", body, customer_id=customer.customer_id)
        drafts = [self._draft(customer.customer_id, body, answer.body["assignment_id"] if answer.body else "")]
        self.agree("assign", answer, lambda: self.books.assign(drafts, body["confirm_backlog"]))
        if answer.body and self.perhaps(0.2):
            self.note("the same request again")
            again = self.ask("POST", PATH + "/assignments", body, customer_id=customer.customer_id, again=self.service.last_request)
            self.same("a repeated request", again.body and again.body["assignment_id"], answer.body["assignment_id"])

    def import_file(self) -> None:
        """A file of a few assignments, written whole or not at all."""
        rows = []
        for _ in range(self.pick(1, 2, 3)):
            customer = self.a_customer()
            rows.append({"customer_id": customer.customer_id, **self._draw_assignment(customer, self.a_package()), "confirm_backlog": True})
        self.note(f"a file of {rows}")
        text = "\n".join([",".join(IMPORT_COLUMNS), *(",".join(read.cell(row.get(name)) for name in IMPORT_COLUMNS) for row in rows)])
        answer = self.ask("POST", "/assignments/import", csv=text, dry_run=False, again_=True)
        made = answer.body["items"] if answer.body else [{"assignment": {"assignment_id": str(n)}} for n in range(len(rows))]
        drafts = [self._draft(row["customer_id"], row, one["assignment"]["assignment_id"]) for row, one in zip(rows, made, strict=True)]
        self.agree("import", answer, lambda: self._import(drafts))

    def _import(self, drafts: list[Assignment]) -> None:
        try:
            self.books.assign(drafts, True)
        except Refused:
            raise Refused("invalid") from None

    def _draft(self, customer_id: str, body: dict[str, Any], assignment_id: str) -> Assignment:
        package = self.books.packages[body["package_id"]]
        start = date.fromisoformat(body["start_date"])
        return Assignment(
            assignment_id, customer_id, package, body["did"], start, read.day(body["end_date"]),
            Terms(**{name: body[name] for name in TERMS}), package.minimum_days, read.day(body["charge_from"]), start,
        )  # fmt: skip

    def change(self) -> None:
        """An assignment is edited."""
        one = self.an_assignment()
        if one is None:
            return
        name, value = self.pick(
            ("quantity", self.pick(1, 3)),
            ("end_date", self.near(-2, 30)),
            ("end_date", None),
            ("start_date", self.near(-5, 8)),
            ("charge_from", self.near(-5, 8)),
            ("auto_decrement_credit", self.perhaps(0.5)),
            ("free_minutes", self.pick(1, 3)),
        )
        confirmed = self.perhaps(0.8)
        self.note(f"{name} of {one.assignment_id} is {value}")
        body = {name: value.isoformat() if isinstance(value, date) else value, "confirm_backlog": confirmed}
        answer = self.ask("PATCH", ASSIGNMENT, body, customer_id=one.customer_id, assignment_id=one.assignment_id)
        self.agree(f"change {name}", answer, lambda: self.books.change(one, name.removesuffix("_date"), value, confirmed))

    def put_terms(self) -> None:
        """Terms from a day on."""
        one = self.an_assignment()
        if one is None:
            return
        begins, confirmed, correct = self.near(-4, 12), self.perhaps(0.8), self.perhaps(0.2)
        until = begins + timedelta(days=self.pick(0, 3, 10)) if self.perhaps(0.5) else None
        drawn = {
            "quantity": self.pick(1, 3), "retail": self.pick(None, "3", "0.5"), "cost": self.pick(None, "0.25"),
            "discount": self.pick("0", "10", "33.3333", "100"), "paused": self.perhaps(0.7), "auto_decrement_credit": self.perhaps(0.5),
        } | ({"free_minutes": self.pick(1, 3)} if one.package.free_minutes else {})  # fmt: skip
        of = ["paused", "quantity"] if self.of_proration and self.perhaps(0.7) else sorted(drawn)
        named = {name: drawn[name] for name in self.chance.sample(of, self.pick(1, 1, 2))}
        self.note(f"{one.assignment_id} has {named} from {begins} until {until}; a correction: {correct}")
        body = named | {"until": read.text(until), "confirm_backlog": confirmed} | ({"reason": "typed wrong"} if correct else {})
        answer = self._of_terms("PUT", one, begins, body, correct=correct)
        entry, name = Entry(begins=begins, until=until, values=_read(named)), "terms correction" if correct else "terms"
        self.agree(name, answer, lambda: self.books.put_terms(one, entry, confirmed, correct=correct))

    def remove_terms(self) -> None:
        """Terms are taken away."""
        one = self.an_assignment()
        if one and one.entries:
            begins = self.pick(*one.entries).begins
            self.note(f"what {one.assignment_id} has from {begins} is taken away")
            self.agree("remove terms", self._of_terms("DELETE", one, begins), lambda: self.books.remove_terms(one, begins))

    def _of_terms(self, method: str, one: Assignment, begins: date, body: Any = None, **query: bool) -> Answer:
        found = {"customer_id": one.customer_id, "assignment_id": one.assignment_id, "from": begins.isoformat()}
        return self.ask(method, ASSIGNMENT + "/terms/{from}", body, **found, **query)

    def replace(self) -> None:
        """An assignment goes on as another one, with the same package or another; sometimes it is only asked what that would come to."""
        one = self.an_assignment()
        if one is None:
            return
        package, begins = one.package if self.perhaps(0.5) else self.a_package(), self.near(-1, 8)
        drawn = {
            "quantity": self.pick(1, 3), "retail": self.pick(None, "3"), "discount": self.pick("0", "10"), "setup_retail": "0",
            "auto_decrement_credit": self.perhaps(0.5), "end_date": read.text(begins + timedelta(days=self.pick(2, 20))),
        } | ({"free_minutes": self.pick(1, 2)} if package.free_minutes else {})  # fmt: skip
        given = {name: drawn[name] for name in self.chance.sample(sorted(drawn), self.pick(0, 1, 2))}
        given |= {} if one.package.free_minutes or not package.free_minutes else {"free_minutes": 2}
        body = {"package_id": package.package_id, "from": begins.isoformat()} | given
        of = {"customer_id": one.customer_id, "assignment_id": one.assignment_id}
        if self.perhaps(0.2):
            self._only_asked(ASSIGNMENT + "/replacement", body, **of)
        self.note(f"{one.assignment_id} is replaced by {body}")
        answer = self.ask("POST", ASSIGNMENT + "/replacement", body, **of)
        new_id = answer.body["new"]["assignment_id"] if answer.body else ""
        values = {("end" if name == "end_date" else name): value for name, value in _read(given).items()}
        self.agree("replace", answer, lambda: self.books.replace(one, begins, package.package_id, values, new_id))

    def transfer(self) -> None:
        """A DID goes to another customer; sometimes it is only asked what that would come to."""
        having = [one for customer in self.books.customers.values() for one in customer.assignments.values() if one.did]
        one = self.pick(*having) if having and self.perhaps(0.8) else None
        did, others = (one.did, [name for name in CUSTOMERS if name != one.customer_id]) if one else (self.pick(*DIDS), CUSTOMERS)
        customer, begins = self.books.customers[self.pick(*others)], self.near(-1, 8)
        body = {"customer_id": customer.customer_id, "from": begins.isoformat()}
        if self.perhaps(0.2):
            self._only_asked("/dids/{did}/transfer", body, did=did)
        self.note(f"DID {did} is transferred to {body}")
        answer = self.ask("POST", "/dids/{did}/transfer", body, did=did)
        new_ids = {one["old"]["assignment_id"]: one["new"]["assignment_id"] for one in answer.body["items"]} if answer.body else {}
        self.agree("transfer", answer, lambda: self.books.transfer(did, customer.customer_id, begins, new_ids))

    def _only_asked(self, path: str, body: Any, **found: str) -> None:
        before = self.service.writes
        self.ask("POST", path, body, **found, dry_run="true")
        self.same("writes of a step that is only asked about", self.service.writes, before)

    def end(self) -> None:
        """An assignment is deleted."""
        one = self.an_assignment()
        if one is None:
            return
        self.note(f"{one.assignment_id} is deleted")
        answer = self.ask("DELETE", ASSIGNMENT, customer_id=one.customer_id, assignment_id=one.assignment_id)
        self.agree("delete assignment", answer, lambda: self.books.end(one))

    # Usage

    def record(self) -> None:
        """Calls, some of them late, some sent before."""
        customer = self.a_customer()
        told = [self._call(customer.customer_id) for _ in range(self.pick(1, 2, 4))]
        distinct = {one["call_id"]: one for one in told}.values()
        self.note(f"{customer.customer_id} has calls {list(distinct)}")
        answer = self.ask("POST", PATH + "/usage", {"calls": list(distinct)}, customer_id=customer.customer_id)
        calls = [read.call(one) for one in distinct]
        rated = self.agree("usage", answer, lambda: self.books.record(customer.customer_id, calls))
        if rated:
            wanted = [(one.call.call_id, one.charge, one.drawn) for one in rated]
            self.same("rated calls", [read.rated(one) for one in answer.body["calls"]], wanted)

    def _call(self, customer_id: str) -> dict[str, Any]:
        sent = [one for one in self._calls if one["call_id"].startswith(customer_id)]
        if sent and self.perhaps(0.2):
            return self.chance.choice(sent)
        recent = self.perhaps(0.5)
        day = self.near(-2, 0) if recent else self.near(-35, 1)
        did = self._a_did_with_minutes(customer_id) if recent else self.pick(None, *DIDS)
        call = {
            "call_id": f"{customer_id}-{len(self._calls)}", "started_at": f"{day}T12:00:00Z", "destination": self.pick(*NUMBERS),
            "seconds": self.pick(0, 20, 45, 100, 200), "charge": self.pick("0", "0.5", "1.111111", "6"), "did": did,
        }  # fmt: skip
        self._calls.append(call)
        return call

    def _a_did_with_minutes(self, customer_id: str) -> str | None:
        """A DID of the customer that has minutes of its own, if there is one."""
        having = [one.did for one in self.books.customers[customer_id].assignments.values() if one.did and one.package.free_minutes]
        return self.pick(*having) if having else None

    def minutes(self) -> None:
        """What is left of free minutes."""
        customer, day = self.a_customer(), self.near(-20, 20)
        answer = self.ask("GET", PATH + "/minutes", customer_id=customer.customer_id, date=day).body
        found = [(one, bucket) for one in customer.assignments.values() if (bucket := one.bucket(day))]
        wanted = {(one.assignment_id, bucket.seconds, customer.used.get(used_of(one, bucket), 0)) for one, bucket in found}
        self.same(f"minutes on {day}", {(one["assignment_id"], one["total"], one["used"]) for one in answer["items"]}, wanted)

    def features(self) -> None:
        """Which ConnexCS packages are enabled."""
        customer, day = self.a_customer(), self.near(-20, 20)
        answer = self.ask("GET", PATH + "/features", customer_id=customer.customer_id, date=day).body
        wanted = {(one.package.connexcs_package, one.assignment_id) for one in customer.assignments.values() if one.enabled_on(day)}
        told = {(one["connexcs_package"], assignment) for one in answer["features"] for assignment in one["assignments"]}
        self.same(f"features on {day}", told, {pair for pair in wanted if pair[0]})

    # Runs and days

    def _asked(self) -> tuple[dict[str, Any], date, bool, bool]:
        day, again, written_off = self._a_date(), self.perhaps(0.5), self.perhaps(WRITTEN_OFF)
        body: dict[str, Any] = {"date": day.isoformat(), "if_charged": "charge_again" if again else "skip"}
        body |= {"include_written_off": True} if written_off else {}
        return body, day, again, written_off

    def _a_date(self) -> date:
        """In stories about proration often one on which something was charged, and rather one on which that does not stand any more."""
        charged = [entry for customer in self.books.customers.values() for entry in customer.entries if entry.line]
        voided = [entry for entry in charged if entry.voided]
        return self.pick(*(voided or charged)).day if self.of_proration and charged and self.perhaps(0.6) else self.near(-4, 4)

    def simulate(self) -> None:
        """A simulation for one customer."""
        customer = self.a_customer()
        body, day, again, written_off = self._asked()
        self.note(f"simulation for {customer.customer_id} {body}")
        answer = self.ask("POST", "/runs", body | {"customer": customer.customer_id, "simulate": "yes"})
        report = self.agree(
            "simulate", answer, lambda: self.books.simulate(customer.customer_id, day, again=again, written_off=written_off)
        )
        self._same_report(answer.body, report, customer)

    def run(self) -> None:
        """A live run for one customer, or for all; sometimes the same run again."""
        chosen = [self.a_customer().customer_id] if self.perhaps(0.8) else list(CUSTOMERS)
        body, day, again, written_off = self._asked()
        body |= {"simulate": "no", "run_id": f"run-{len(self._runs)}"} | ({"customer": chosen[0]} if len(chosen) == 1 else {})
        self.note(f"live run {body}")
        before = {one: self.books.customers[one].balance for one in chosen}
        answer = self.ask("POST", "/runs", body)
        reports = self.agree(
            "run" if len(chosen) == 1 else "run of all",
            answer,
            lambda: self.books.run(body["run_id"], chosen, day, again=again, written_off=written_off),
        )
        self._runs.append((body, answer.body))
        if len(chosen) == 1:
            customer = self.books.customers[chosen[0]]
            self._same_report(answer.body, reports[chosen[0]], customer)
            self.same("balance before", Fraction(answer.body["balance_before"]), before[chosen[0]])
            self.same("balance after", Fraction(answer.body["balance_after"]), customer.balance)

    def run_again(self) -> None:
        """The same run id again changes nothing."""
        if self._runs:
            body, _ = self.pick(*self._runs)
            self.note(f"{body['run_id']} again")
            answer = self.ask("POST", "/runs", body)
            self.same("a run that is sent again", answer.refused, None)
            self.told["run again"] += 1

    def reverse(self) -> None:
        """A run is reversed."""
        if self._runs:
            body, _ = self.pick(*self._runs)
            self.note(f"{body['run_id']} is reversed")
            answer = self.ask("POST", "/runs/{run_id}/reversal", run_id=body["run_id"])
            self.agree("reverse", answer, lambda: self.books.reverse(body["run_id"]))

    def _same_report(self, answer: Any, report: list[ReportLine], customer: Customer) -> None:
        told = [
            (one["assignment_id"], one["kind"], one["due_date"], Fraction(one["cost"]), Fraction(one["retail"]), one["status"])
            for one in answer["lines"]
        ]
        wanted = [(one.line.made_by, one.line.kind, one.line.day.isoformat(), one.line.cost, one.line.retail, one.status) for one in report]
        self.same("the lines of a report", told, wanted)
        self.same("what was charged already", [one["already_charged"] for one in answer["lines"]], [one.already_charged for one in report])
        charged = [(read.amount(one["charged"]), read.amount(one["difference"])) for one in answer["lines"]]
        differences = [(one.charged, None if one.charged is None else one.line.retail - one.charged) for one in report]
        self.same("what was charged, and the difference", charged, differences)
        counted = [one.line.retail for one in report if one.status in ("simulated", "posted", "repeat")]
        self.same("totals", Fraction(answer["totals"]["retail"]), sum(counted, Fraction(0)))
        held = [one.line.retail for one in report if one.status == "held"]
        self.same("held totals", Fraction(answer["totals"]["held"]), sum(held, Fraction(0)))
        idle = customer.assignments.keys() - {one.line.assignment_id for one in report}
        self.same("assignments without a line", {one["assignment_id"] for one in answer["not_due"]}, idle)
        for one in report:
            self.told[f"line {one.status}"] += 1

    def pass_days(self) -> None:
        """Days pass; each may be evaluated, or missed."""
        for _ in range(self.pick(1, 1, 2, 5, 16)):
            self.books.today += ONE_DAY
            self.service.today = self.books.today
            if self.perhaps(0.7):
                self._evaluate(self.books.today)

    def evaluate(self) -> None:
        """Today once more, a day before, or a day ahead."""
        self._evaluate(self.near(*self.pick((0, 0), (-3, 0), (1, 4))))

    def _evaluate(self, day: date) -> None:
        self.note(f"{day} is evaluated")
        self.service.evaluate(day)
        self.books.evaluate(day)
        self.told["ahead" if day > self.books.today else "evaluate"] += 1


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """Values of a request in the model's words: amounts as fractions, days as dates."""
    days = {name: read.day(given[name]) for name in ("end_date",) if name in given}
    return {name: Fraction(value) if isinstance(value, str) else value for name, value in given.items() if name not in days} | days


DRAWN: dict[Callable[[Story], None], int] = {
    Story.replace: 3, Story.transfer: 2, Story.put_prices: 3, Story.remove_prices: 1, Story.put_terms: 4, Story.remove_terms: 1,
    Story.define: 1, Story.price: 2, Story.reshape: 1, Story.withdraw: 1, Story.pay: 3, Story.set_limit: 1, Story.set_currency: 1,
    Story.write_off: 1, Story.assign: 6, Story.import_file: 2, Story.change: 5, Story.end: 2, Story.record: 4,
    Story.minutes: 1,
    Story.features: 1, Story.simulate: 2, Story.run: 4, Story.run_again: 1, Story.reverse: 2, Story.pass_days: 6, Story.evaluate: 2,
}  # fmt: skip
"""How often each is drawn."""
PRORATING: dict[Callable[[Story], None], float] = {
    Story.put_terms: 16, Story.change: 10, Story.end: 4, Story.run: 16, Story.simulate: 4, Story.reverse: 8, Story.write_off: 2,
    Story.define: 0.2, Story.price: 0.6, Story.put_prices: 1, Story.transfer: 0.6, Story.record: 1.2, Story.adjust: 1, Story.charge: 2,
}  # fmt: skip
"""How often these are drawn in stories about proration."""
READING = (Story.minutes, Story.features, Story.simulate)
"""Requests that may write nothing."""


def tell(seed: int, books: type[Books] = Books) -> Counter[str]:
    """Tell a seed's story; what happened in it. Raises `Differs`."""
    return Story(seed, books).tell()
