"""Who tells the story: evaluates days, reads ledgers, and says how each check stands."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from demo.checks import Checks
from demo.independent import Expected, days, expected_charges
from demo.independent_calls import CallCount
from demo.loading import AssignmentIds, in_parallel
from demo.provider import Customer, Provider
from demo.service import Service
from demo.show import progress
from demo.switch import Switch

PROBLEMS_SHOWN = 10


@dataclass
class Teller:
    """One telling: the service, the provider as loaded, its customers' switch and the checks so far."""

    console: Console
    service: Service
    provider: Provider
    ids: AssignmentIds
    checks: Checks
    switch: Switch
    _counts: dict[str, CallCount] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Print one line of the story."""
        self.console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))

    def check(self, claim: str, problems: list[str]) -> None:
        """Note a claim and print how it stands."""
        found = self.checks.add(claim, problems).problems
        mark = Text("FAILED  ", style="bold red") if found else Text("ok  ", style="green")
        self.console.print(Padding(mark.append(claim, style="default"), (0, 0, 0, 2), expand=False))
        for problem in found[:PROBLEMS_SHOWN]:
            self.console.print(Padding(Text(problem, style="red"), (0, 0, 0, 6), expand=False))
        if len(found) > PROBLEMS_SHOWN:
            self.console.print(f"      and {len(found) - PROBLEMS_SHOWN} more", style="red")

    def evaluate(self, first: date, last: date) -> None:
        """Evaluate every day from `first` to `last`, each as the nightly schedule does, after the calls of the day before."""
        wanted = list(days(first, last))
        if not wanted:
            return
        problems = []
        title = f"Evaluating {first} to {last}" if first != last else f"Evaluating {first}"
        with progress(self.console, title, len(wanted)) as advance:
            for day in wanted:
                self.switch.deliver(day - timedelta(days=1))
                run = self.service.evaluate(day)
                if run["status"] != "finished":
                    problems.append(f"the run of {day} ended as {run['status']}: {_failures(run)}")
                advance()
        runs = f"all {len(wanted)} daily runs" if len(wanted) > 1 else f"the daily run of {first}"
        self.check(f"{runs} finished without failures", problems)

    def calls(self, customer: Customer) -> CallCount:
        """The customer's calls that were sent, counted without the service."""
        count = self._counts.setdefault(customer.id, CallCount(customer, self.ids[customer.id]))
        line = self.switch.lines.get(customer.id)
        for call, _ in list(line.answered())[len(count.counted) :] if line else ():
            count.add(call)
        return count

    def expected(self, customer: Customer, first: date, last: date) -> list[Expected]:
        """The customer's charges due from `first` to `last`, counted without the service."""
        return expected_charges(customer, first=first, last=last, spend=self.calls(customer).spend)

    def ledgers(self, **query: str) -> dict[str, list[Any]]:
        """The ledger of every customer, by customer id."""

        def read(customer: Customer) -> tuple[str, list[Any]]:
            return customer.id, self.service.items(f"/customers/{customer.id}/ledger", **query)

        return dict(in_parallel(read, self.provider.customers, lambda: None))


def _failures(run: Any) -> str:
    """The first failure of a run, and how many there are besides."""
    if not run["failures"]:
        return "no failure is listed"
    first, more = run["failures"][0], run["failures_total"] - 1
    told = f"{first['customer_id']}, charge due {first['due_date']}: {first['detail']}"
    return told + (f", and {more} more" if more else "")
