"""The chapter about prices and terms that carry dates: what was agreed with whom, and what each month cost by it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from demo.changes import Change
from demo.checks import charge_problems, posted_charges
from demo.provider import Assignment, Customer, Provider
from demo.show import Column, money, show
from demo.teller import Teller
from demo.transfer import sides


@dataclass(frozen=True)
class Agreement:
    """What is special about an assignment, in words; `index` is its place in the file."""

    customer: Customer
    index: int
    words: str

    @property
    def assignment(self) -> Assignment:
        """What was agreed on."""
        return self.customer.assignments[self.index]


def tell_agreements(teller: Teller) -> None:
    """What each of them was charged a month, and that this is what was agreed."""
    story = teller.provider.story
    found = list(agreements(teller.provider))
    months = sorted({day.replace(day=1) for day in (story.first_day, story.calls.last_day, story.last_day)})
    ledgers = teller.ledgers()
    rows, problems = [], []
    for one in found:
        ids = teller.ids[one.customer.id]
        entries = [entry for entry in posted_charges(ledgers[one.customer.id]) if entry["assignment_id"] == ids[one.index]]
        expected = [each for each in teller.expected(one.customer, story.first_day, story.last_day) if each.index == one.index]
        problems += [f"{one.customer.id}: {problem}" for problem in charge_problems(expected, entries, ids)]
        rows.append([_of_month(one, entries, month) for month in months])
    teller.say("Prices and terms carry dates. A due date is charged by what held on its day:")
    show(
        teller.console,
        Column("Customer", [one.customer.name for one in found]),
        Column("Agreed", [one.words for one in found]),
        *(Column(f"{month:%B}", [row[n] for row in rows], "amount") for n, month in enumerate(months)),
    )
    teller.check("each of them is charged what was agreed for each day", problems)


def agreements(provider: Provider) -> Iterator[Agreement]:
    """Every price of its own and every dated term of the file; of a price list one assignment that it spares, and one that it reaches;
    both sides of the transfer."""
    for customer in provider.customers:
        for index, assignment in enumerate(customer.assignments):
            words = list(_words(assignment))
            if words:
                yield Agreement(customer, index, ", ".join(words))
    for package in provider.packages:
        for change in package.prices:
            yield from _around(provider, package.key, change)
    yield from (Agreement(*side) for side in sides(provider))


def _words(assignment: Assignment) -> Iterator[str]:
    if assignment.retail is not None:
        yield f"{assignment.retail} instead of {assignment.package.retail}"
    for change in assignment.terms:
        through = f"{change.begins} to {change.until}" if change.until else f"from {change.begins}"
        for name, value in change.values.items():
            told = {"discount": f"{value} % off", "paused": "paused" if value else "not paused"}.get(name, f"{name} {value}")
            yield f"{told} {through}"


def _around(provider: Provider, key: str, change: Change) -> Iterator[Agreement]:
    """The first assignment that began before a price list of a package, and the first that began after it and is charged in the story."""
    having = [(c, n, one) for c in provider.customers for n, one in enumerate(c.assignments) if one.package.key == key and not one.terms]
    before = next((each for each in having if each[2].start_date < change.begins), None)
    after = next((each for each in having if change.begins <= each[2].start_date < provider.story.calls.last_day), None)
    prices = " and ".join(f"{name} {value}" for name, value in change.values.items())
    if before:
        yield Agreement(*before[:2], f"had it before {change.begins}" + (f": {prices}" if change.existing else ""))
    if after:
        yield Agreement(*after[:2], f"new since {change.begins}: {prices}")


def _of_month(one: Agreement, entries: list[dict[str, str]], month: date) -> str:
    """What a month cost without setups, less what was given back; a dash where nothing fell due."""
    due = [Decimal(e["retail"]) for e in entries if e["kind"] != "setup" and e["date"].startswith(f"{month:%Y-%m}")]
    return money(one.customer.currency, sum(due, Decimal(0))) if due else "-"
