"""Who tells the story: evaluates days, reads ledgers, and says how each check stands."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from demo.checks import Checks
from demo.independent import days
from demo.loading import AssignmentIds, in_parallel
from demo.provider import Customer, Provider
from demo.service import Service
from demo.show import progress

PROBLEMS_SHOWN = 10


@dataclass
class Teller:
    """One telling: the service, the provider as loaded, and the checks so far."""

    console: Console
    service: Service
    provider: Provider
    ids: AssignmentIds
    checks: Checks

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
        """Evaluate every day from `first` to `last`, each as the nightly schedule does."""
        wanted = list(days(first, last))
        if not wanted:
            return
        problems = []
        title = f"Evaluating {first} to {last}" if first != last else f"Evaluating {first}"
        with progress(self.console, title, len(wanted)) as advance:
            for day in wanted:
                run = self.service.evaluate(day)
                if run["status"] != "finished":
                    problems.append(f"the run of {day} ended as {run['status']}: {_failures(run)}")
                advance()
        runs = f"all {len(wanted)} daily runs" if len(wanted) > 1 else f"the daily run of {first}"
        self.check(f"{runs} finished without failures", problems)

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
