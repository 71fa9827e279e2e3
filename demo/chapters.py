"""The chapters about the daily evaluation: credit that runs out, an outage, and the count of everything posted."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from demo.checks import balance_problems, charge_problems, posted_charges, total
from demo.independent import Expected, days, expected_held
from demo.provider import Customer, Provider
from demo.show import Column, figure, money, show
from demo.teller import Teller

ONE_DAY = timedelta(days=1)


def tell_payment(teller: Teller) -> None:
    """Charges that the credit does not cover wait, and post after the payment, on their own due dates."""
    story, service = teller.provider.story, teller.service
    customer = teller.provider.customer(story.payment.customer)
    expected = expected_held(customer, first=story.first_day, last=story.payment.day)
    held = service.items("/held", customer=customer.id)
    account = service.get(f"/customers/{customer.id}")
    teller.say(f"{customer.name} has used up its credit: {_credit(customer, account['balance'])}.")
    teller.say("Charges that don't fit are held, not dropped, and tried again every day:")
    show(
        teller.console,
        Column("Due date", [entry["date"] for entry in held]),
        Column("Package", [entry["package_name"] for entry in held]),
        Column("Retail", [money(customer.currency, entry["retail"]) for entry in held], "amount"),
        Column("Status", [entry["status"] for entry in held]),
    )
    wanted = sorted((charge.day.isoformat(), charge.retail) for charge in expected)
    found = sorted((entry["date"], Decimal(entry["retail"])) for entry in held)
    teller.check(
        f"exactly the {len(wanted)} charges that the credit does not cover are held",
        [] if wanted == found else [f"counted apart: {wanted}", f"held by the service: {found}"],
    )
    payment = {"amount": str(story.payment.amount), "reference": story.payment.reference}
    service.post(f"/customers/{customer.id}/payments", dict(payment))
    paid = money(customer.currency, story.payment.amount)
    teller.say(f"On the evening of {story.payment.day} it pays {paid} ({story.payment.reference}).")
    teller.evaluate(story.payment.day + ONE_DAY, story.payment.day + ONE_DAY)
    tell_release(teller, customer, wanted)


def tell_release(teller: Teller, customer: Customer, held: list[tuple[str, Decimal]]) -> None:
    """After the payment nothing waits any more, and what waited stands in the ledger on its own date."""
    left = teller.service.items("/held", customer=customer.id)
    posted = posted_charges(teller.service.items(f"/customers/{customer.id}/ledger"))
    found = [(entry["date"], Decimal(entry["retail"])) for entry in posted]
    problems = [f"not posted: {retail} of {day}" for day, retail in held if (day, retail) not in found]
    problems += [f"still held: {entry['retail']} of {entry['date']}" for entry in left]
    balance = teller.service.get(f"/customers/{customer.id}")["balance"]
    teller.check("the next run has posted all of them, each on its own due date", problems)
    teller.say(f"Its balance is now {money(customer.currency, balance)}.")


def tell_outage(teller: Teller) -> None:
    """Days that were not evaluated are caught up by the next run, each charge on its own due date."""
    story = teller.provider.story
    first, last = story.outage_first_day, story.outage_last_day
    teller.say(f"The daily run does not take place from {first} to {last}; it comes back on {last + ONE_DAY}.")
    span = {"from": first.isoformat(), "to": last.isoformat()}
    before = _count_by_day(teller.ledgers(**span))
    teller.evaluate(last + ONE_DAY, last + ONE_DAY)
    after = _count_by_day(teller.ledgers(**span))
    expected: dict[str, int] = {}
    for customer in teller.provider.customers:
        for charge in teller.expected(customer, first, last):
            expected[charge.day.isoformat()] = expected.get(charge.day.isoformat(), 0) + 1
    missed = list(days(first, last))
    dues, early, posted = ([count.get(day.isoformat(), 0) for day in missed] for count in (expected, before, after))
    late = [all_ - some for all_, some in zip(posted, early, strict=True)]
    show(
        teller.console,
        Column("Due date", [f"{day} {day:%a}" for day in missed]),
        Column("Charges due", [str(count) for count in dues], "number"),
        Column("Posted during the outage", [str(count) for count in early], "number"),
        Column(f"Posted by the run of {last + ONE_DAY}", [str(count) for count in late], "number"),
    )
    rows = zip(missed, dues, early, late, strict=True)
    problems = [f"{day}: {due} due, {some} posted early, {rest} by the run" for day, due, some, rest in rows if some or due != rest]
    teller.check("the missed days are caught up, each on its own due date", problems)


def _credit(customer: Customer, balance: str) -> str:
    limit = customer.debit_limit or Decimal(0)
    return f"balance {money(customer.currency, balance)}, limit {money(customer.currency, -limit)}"


def _count_by_day(ledgers: dict[str, list[Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in (entry for entries in ledgers.values() for entry in posted_charges(entries)):
        counts[entry["date"]] = counts.get(entry["date"], 0) + 1
    return counts


def tell_count(teller: Teller, last: date, *, shown_from: date) -> None:
    """Every customer's ledger against an independent count, and every balance against its ledger.

    Everything is checked; the table shows what fell due from `shown_from` on.
    """
    ledgers = teller.ledgers()
    charges, balances = [], []
    for customer in teller.provider.customers:
        entries, ids = ledgers[customer.id], teller.ids[customer.id]
        expected = teller.expected(customer, teller.provider.story.first_day, last)
        charges += [f"{customer.id}: {p}" for p in charge_problems(expected, entries, ids)]
        debits = sum((c.retail for c in expected if c.debits), Decimal(0))
        balance = teller.service.get(f"/customers/{customer.id}")["balance"]
        counted = _paid(teller.provider, customer) - debits
        balances += [f"{customer.id}: {p}" for p in balance_problems(balance, entries, counted)]
    _show_count(teller, ledgers, shown_from, last)
    teller.check("every charge that an independent count finds stands in the ledger once, to the cent", charges)
    teller.check("every balance is what was paid in less what was debited, and the sum of its ledger", balances)
    held = teller.service.items("/held")
    teller.check("nothing is held any more", [f"{e['entry_id']} of {e['date']}" for e in held])


def _show_count(teller: Teller, ledgers: dict[str, list[Any]], first: date, last: date) -> None:
    """Charges due from `first` to `last` by currency, as posted and as counted apart."""
    currencies = list(dict.fromkeys(customer.currency for customer in teller.provider.customers))
    posted: dict[str, list[Any]] = {currency: [] for currency in currencies}
    expected: dict[str, list[Expected]] = {currency: [] for currency in currencies}
    for customer in teller.provider.customers:
        in_time = (e for e in posted_charges(ledgers[customer.id]) if first.isoformat() <= e["date"] <= last.isoformat())
        posted[customer.currency] += in_time
        expected[customer.currency] += teller.expected(customer, first, last)
    retail, cost = ({c: total(posted[c], amount) for c in currencies} for amount in ("retail", "cost"))
    counted = {c: sum((charge.retail for charge in expected[c]), Decimal(0)) for c in currencies}
    margin = {c: retail[c] - cost[c] for c in currencies}
    amounts = {"Retail": retail, "Expected retail": counted, "Cost": cost, "Margin": margin}
    show(
        teller.console,
        Column("Currency", currencies),
        Column("Charges", [str(len(posted[c])) for c in currencies], "number"),
        Column("Expected", [str(len(expected[c])) for c in currencies], "number"),
        *(Column(name, [figure(values[c]) for c in currencies], "amount") for name, values in amounts.items()),
    )


def _paid(provider: Provider, customer: Customer) -> Decimal:
    payment = provider.story.payment
    return customer.prepaid + (payment.amount if payment.customer == customer.id else Decimal(0))
