"""The check of balances: what it says while others write, and what it reads against an embedded AWS from the command line."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments, balance_repair
from chalicelib.storage.accounts import find_account
from chalicelib.usecases import balance_check, crediting, customers
from chalicelib.usecases.runs import on_demand, reversal
from tests.api.support import Json, a_customer, a_package, an_assignment, balance, charges, contents, day, ok, pay
from tests.conftest import REQUEST_SECONDS
from tests.harness import InThread
from tests.world.dynamodb import Answer, Request
from tests.world.tables import Item
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack

from .world import TODAY, World

KEY = ("pk", "sk")


@pytest.fixture
def world() -> World:
    """Two customers, a charge and a payment each."""
    world = World()
    package = world.package(assigned=2, frequency="daily")
    for customer in ("one", "two"):
        world.customer(customer, package, 1, debits=True)
        customers.book_payment(world.db, world.context(), customer, Decimal(10), "")
    world.evaluate(TODAY)
    return world


def checked(world: World) -> list[balance_check.Flaw]:
    found: list[balance_check.Flaw] = []
    with world.waiting():
        balance_check.check_balances(world.db, 2, InThread(), found.append)
    return found


def paying(world: World, times: int) -> Callable[[Request, Callable[[], Answer]], Answer]:
    """A hook: somebody pays whenever the ledger is read, so many times."""
    left = [times]

    def hook(request: Request, effect: Callable[[], Answer]) -> Answer:
        if request.operation == "query" and request.arguments["TableName"] == "ledger" and left[0]:
            left[0] -= 1
            customers.book_payment(world.db, world.context(), "one", Decimal(1), "")
        return effect()

    return hook


def spoil(world: World) -> None:
    account = find_account(world.db, "one")
    assert account is not None
    world.db.write(balance_repair.rebalance(account, account.balance + 5, 0))


def test_writers_make_no_flaw(world: World) -> None:
    world.store.hook = paying(world, 5)
    assert checked(world) == []


def test_a_customer_who_is_written_to_all_the_time_is_said_so(world: World) -> None:
    world.store.hook = paying(world, 1_000_000)
    assert [(flaw.kind, flaw.where) for flaw in checked(world)] == [("busy", "one")]


def test_a_flaw_is_found_in_spite_of_writers_and_repaired(world: World) -> None:
    spoil(world)
    world.store.hook = paying(world, 5)
    (flaw,) = checked(world)
    assert (flaw.kind, flaw.where, flaw.detail) == ("balance", "one", "the balance is 18.50, the ledger adds up to 13.50")
    assert balance_check.repair(world.db, flaw)
    assert checked(world) == []


def test_what_was_written_since_is_not_repaired_over(world: World) -> None:
    spoil(world)
    (flaw,) = checked(world)
    customers.book_payment(world.db, world.context(), "one", Decimal(1), "")
    assert not balance_check.repair(world.db, flaw)
    (flaw,) = checked(world)
    assert balance_check.repair(world.db, flaw)
    assert checked(world) == []


def test_what_a_former_release_reversed_is_voided(world: World) -> None:
    """It wrote the reversal, and nothing beside the charge: the whole could be credited once more, and `skip` left it alone."""
    asked = RunRequest("one", TODAY, "charge_again", "again")
    on_demand.run_live(world.services, world.context(), asked)
    reversal.reverse(world.services, world.context(), "again")
    (item,) = (item for item in world.store.items("ledger") if "voided" in item)
    former = {name: value for name, value in item.items() if name not in {"voided", "credited", "credited_cost", "version"}}
    world.store.put_item(TableName="ledger", Item=former)
    (flaw,) = checked(world)
    assert (flaw.kind, flaw.where) == ("reversed", f"one~{item['sk']['S']}")
    assert balance_check.repair(world.db, flaw)
    assert checked(world) == []
    assert [one for one in world.store.items("ledger") if "voided" in one] == [item]
    with pytest.raises(Conflict, match="is left of the charge"):
        crediting.give_credit(world.db, world.context(), "one", flaw.where, CreditRequest("twice"))


def test_a_check_writes_nothing(world: World) -> None:
    spoil(world)
    before = world.store.meter.writes
    checked(world)
    assert world.store.meter.writes == before


def test_a_package_that_is_assigned_during_the_check_is_no_flaw(world: World) -> None:
    """The count is read before the assignments, so one made meanwhile is suspected, and cleared by the second look."""
    first = [True]

    def hook(request: Request, effect: Callable[[], Answer]) -> Answer:
        answer = effect()
        if request.operation == "query" and request.arguments["TableName"] == "catalog" and first.pop() if first else False:
            world.customer("three", world.package(assigned=0), 0, debits=False)
            item = next(item for item in world.store.items("catalog") if item["sk"]["S"] != "HOLDS")
            world.db.write(balance_repair.recount(item["sk"]["S"], 2, 3))
            new = accounts.account_from_item({"pk": "three", "currency": "USD"})
            assert new.customer_id == "three"
            one = next(a for a in assignments.of_customer(world.db, "one")[1])
            world.db.write(assignments.create_assignment(one._replace(customer_id="three", assignment_id="three-0", charged=False)))
        return answer

    world.store.hook = hook
    assert checked(world) == []


def snapshot(world: World, *tables: str) -> dict[str, list[Item]]:
    return {table: world.store.items(table) for table in tables}


def restore(world: World, saved: dict[str, list[Item]]) -> None:
    """Have tables as they were."""
    for table, items in saved.items():
        for item in world.store.items(table):
            world.store.delete_item(TableName=table, Key={name: item[name] for name in KEY})
        for item in items:
            world.store.put_item(TableName=table, Item=item)


def test_a_ledger_restored_to_an_earlier_moment(world: World) -> None:
    """docs/operations.md: with `runs` of a moment no later than the ledger's, evaluating again posts what was lost."""
    saved = snapshot(world, "ledger", "runs")
    customers.book_payment(world.db, world.context(), "one", Decimal(100), "")
    world.evaluate(TODAY + DAY)
    restore(world, saved)
    found = checked(world)
    assert {(flaw.kind, flaw.where) for flaw in found} == {("balance", "one"), ("balance", "two")}
    assert all(balance_check.repair(world.db, flaw) for flaw in found)
    world.evaluate(TODAY + DAY)
    assert checked(world) == []
    assert [account.balance for name in ("one", "two") if (account := find_account(world.db, name))] == [7, 7]


def test_accounts_restored_to_an_earlier_moment(world: World) -> None:
    """docs/operations.md: the ledger is right, and what it charged for an assignment that is lost is told."""
    saved = snapshot(world, "accounts")
    _, (assignment,) = assignments.of_customer(world.db, "one")
    lost = assignment._replace(assignment_id="lost", charged=False, evaluate_from=TODAY + DAY)
    world.db.write(assignments.create_assignment(lost))
    world.evaluate(TODAY + DAY)
    restore(world, saved)
    found = checked(world)
    assert {(flaw.kind, flaw.where) for flaw in found} == {("balance", "one"), ("balance", "two"), ("no_assignment", "one/lost")}
    assert sum(balance_check.repair(world.db, flaw) for flaw in found) == 2
    assert [flaw.kind for flaw in checked(world)] == ["no_assignment"]


# From the command line


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[EmbeddedStack, httpx.Client]]:
    """A stack whose every table may be spoilt."""
    with EmbeddedStack() as stack, httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False) as api:
        yield stack, api


def run(stack: EmbeddedStack, *options: str) -> tuple[int, list[str], str]:
    """Exit status, the lines of flaws, and the last line."""
    command = [sys.executable, "-m", "tools.balances", "--endpoint", stack.endpoint, "--segments", "2", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    *lines, last = done.stdout.splitlines()
    return done.returncode, sorted(lines), last


def change(stack: EmbeddedStack, table: str, key: tuple[str, str], expression: str, **values: Json) -> None:
    """Write straight into a table."""
    given: Json = {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}
    stack.client("dynamodb").update_item(
        TableName=stack.table_name(table),
        Key={name: {"S": value} for name, value in zip(KEY, key, strict=True)},
        UpdateExpression=expression,
        **given,
    )


def found_by_kind(lines: list[str]) -> dict[str, str]:
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}


def test_planted_errors_are_found_and_repaired(own: tuple[EmbeddedStack, httpx.Client]) -> None:
    stack, api = own
    package, other = a_package(api, retail="4"), a_package(api, retail="1")
    rich, poor = a_customer(api), a_customer(api, debit_limit="0")
    made = an_assignment(api, rich, package, start_date=day(-1), auto_decrement_credit=True)
    an_assignment(api, poor, package, start_date=day(-1), auto_decrement_credit=True)
    pay(api, rich, "10")
    (held,), (posted,) = charges(api, poor), charges(api, rich)
    assert run(stack)[0] == 0

    change(stack, "accounts", (rich, "ACCOUNT"), "SET balance = :n", n={"N": "7"})
    change(stack, "accounts", (rich, f"ASSIGNMENT#{made['assignment_id']}"), "REMOVE charged")
    change(stack, "accounts", (poor, "ACCOUNT"), "SET balance = :n, held = :two", n={"N": "-3.5"}, two={"N": "2"})
    change(stack, "ledger", (poor, held["entry_id"].partition("~")[2]), "REMOVE held_by")
    change(stack, "catalog", ("PACKAGE", package["package_id"]), "SET assignments = :n", n={"N": "5"})
    before = contents(stack)
    code, lines, last = run(stack)
    told = found_by_kind(lines)
    assert (code, len(lines), last.split(": ")[1]) == (1, 6, "6 flaws, 0 repaired")
    assert set(told) == {"balance", "held", "uncharged", "unlisted", "package_count"}
    assert f"balance        {rich}: the balance is 7.00, the ledger adds up to 6.00; --repair sets it right" in lines
    assert f"{held['entry_id']}: is held and not in the index" in told["unlisted"]
    assert contents(stack) == before

    code, lines, last = run(stack, "--repair")
    assert (code, last.split(": ")[1]) == (0, "6 flaws, 6 repaired")
    assert all(line.endswith("; repaired") for line in lines)
    assert run(stack)[:2] == (0, [])
    assert (balance(api, rich), balance(api, poor), ok(api.get(f"/customers/{poor}"))["held_charges"]) == (6, 0, 1)
    assert [entry["entry_id"] for entry in ok(api.get("/held", params={"customer": poor}))["items"]] == [held["entry_id"]]
    pay(api, poor, "4")
    assert posted["status"] == "posted"
    ok(api.delete(f"/packages/{other['package_id']}"), 204)


def test_what_belongs_to_nothing_is_told_and_left_alone(own: tuple[EmbeddedStack, httpx.Client]) -> None:
    """As after restoring accounts or catalog to an earlier moment than the ledger."""
    stack, api = own
    package, gone = a_package(api, retail="4"), a_package(api, retail="1")
    lost, strange = a_customer(api), a_customer(api)
    made = an_assignment(api, lost, package, start_date=day(-1))
    homeless = an_assignment(api, lost, gone, start_date=day(5))
    an_assignment(api, strange, package, start_date=day(-1))
    aws = stack.client("dynamodb")

    def drop(table: str, pk: str, sk: str) -> Any:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return aws.delete_item(TableName=stack.table_name(table), Key=key, ReturnValues="ALL_OLD")["Attributes"]

    assignment = drop("accounts", lost, f"ASSIGNMENT#{made['assignment_id']}")
    account = drop("accounts", strange, "ACCOUNT")
    catalog = drop("catalog", "PACKAGE", gone["package_id"])
    code, lines, last = run(stack, "--repair")
    told = found_by_kind(lines)
    assert (code, last.split(": ")[1].split(",")[0]) == (1, "4 flaws")
    assert f"{lost}/{made['assignment_id']}: 1 charges are of an assignment that does not exist" in told["no_assignment"]
    assert f"{strange}: has ledger entries and does not exist" in told["no_customer"]
    assert f"{gone['package_id']}: does not exist and has 1 assignments" in told["no_package"]
    assert f"{package['package_id']}: counts 2 assignments, there are 1; repaired" in told["package_count"]
    for table, item in (("accounts", assignment), ("accounts", account), ("catalog", catalog)):
        aws.put_item(TableName=stack.table_name(table), Item=item)
    assert run(stack, "--repair")[0] == 0
    assert run(stack)[:2] == (0, [])
    assert homeless["package_id"] == gone["package_id"]


@pytest.mark.parametrize(("options", "code"), [(("--segments", "0"), 2), (("--stack", "nobody"), 2), (("--mend",), 2)])
def test_bad_calls_say_so(stack: EmbeddedStack, options: tuple[str, ...], code: int) -> None:
    command = [sys.executable, "-m", "tools.balances", "--endpoint", stack.endpoint, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr
    assert "Traceback" not in done.stderr
