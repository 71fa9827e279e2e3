"""A client that openapi-python-client generates from the description makes the demo's main calls, typed."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.reference import DOCUMENT
from tests.api.support import unique
from tests.openapi.conformance import operations
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack

GENERATOR = "openapi-python-client==0.29.1"
ENVIRONMENT = ROOT / ".local" / "client-generator"
PACKAGE = "generated_billing_client"
CSV_ONLY = {f"{verb}_{what}" for verb in ("import", "check") for what in ("packages", "customers", "assignments")} | {
    "request_reconciliation"
}
"""The generator knows no bodies of text/csv."""


def generator() -> Path:
    """The generator in an environment of its own, as `make mutate` has one, so that its needs bind nobody else."""
    program = ENVIRONMENT / "bin" / "openapi-python-client"
    if not program.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", ENVIRONMENT, "--python", sys.executable], check=True)
        target = ("--python", ENVIRONMENT / "bin" / "python")
        subprocess.run([uv, "pip", "install", "--quiet", "--system-certs", *target, GENERATOR], check=True)
    return program


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The client, importable."""
    folder = tmp_path_factory.mktemp("client")
    command: list[str | Path] = [generator(), "generate", "--path", DOCUMENT, "--output-path", folder / PACKAGE, "--meta", "none"]
    subprocess.run(command, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


def test_every_operation_has_a_method(generated: Path) -> None:
    names = {path.stem for path in (generated / "api").glob("*/*.py")} - {"__init__"}
    told = {operation.name for _, operation in operations()}
    assert told - names == CSV_ONLY
    assert names <= told


@pytest.fixture
def client(generated: Path, stack: EmbeddedStack) -> Iterator[Any]:
    made = module("client").AuthenticatedClient(base_url=stack.base_url, token="none is asked for", raise_on_unexpected_status=True)
    with made as client:
        yield client


def test_the_story_by_the_generated_client(client: Any) -> None:
    models, customer, run_id = module("models"), unique(), unique("run")
    february = date(2031, 2, 28)

    body = models.PackageBody(name="Hosted phone", retail="12.50", frequency=models.PackageBodyFrequency.MONTHLY, frequency_match=[15, 31])
    package = module("api.packages.create_package").sync(client=client, body=body)
    assert (package.retail, package.frequency_match) == ("12.50", [15, 31])

    made = module("api.customers.write_customer").sync(
        customer, client=client, body=models.CustomerReplacement(name="Acme", debit_limit="100")
    )
    assert (made.customer_id, made.balance) == (customer, "0.00")

    body = models.AssignmentBody(package_id=package.package_id, start_date=date(2031, 1, 15), quantity=4, auto_decrement_credit=True)
    assignment = module("api.assignments.create_assignment").sync(customer, client=client, body=body)
    assert assignment.package.name == "Hosted phone"

    run = module("api.runs.run")
    report = run.sync(client=client, body=models.RunBody(customer=customer, date=february))
    assert isinstance(report, models.Report)
    assert [(line.due_date, line.retail, line.status) for line in report.lines] == [(february, "50.00", "simulated")]

    live = run.sync(client=client, body=models.RunBody(customer=customer, simulate=False, date=february, run_id=run_id))
    assert isinstance(live, models.CustomerRun)
    assert (live.totals.retail, live.balance_after) == ("50.00", "-50.00")

    page = module("api.customers.read_ledger").sync(customer, client=client, from_=date(2031, 2, 1), to=february)
    assert [(entry.kind, entry.credit_change, entry.run_id) for entry in page.items] == [("recurring", "-50.00", run_id)]

    reversal = module("api.runs.reverse_run").sync(run_id, client=client)
    assert reversal.totals.credit_change == "50.00"
    assert module("api.customers.read_customer").sync(customer, client=client).balance == "0.00"

    missing = module("api.customers.read_customer").sync(unique(), client=client)
    assert isinstance(missing, models.Problem)
    assert (missing.status, missing.code) == (404, "not_found")
