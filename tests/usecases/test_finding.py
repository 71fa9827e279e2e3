"""Finding customers, packages and assignments by words, ids, states and dates."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

import pytest

from chalicelib.api import cursors
from chalicelib.domain.account import Account
from chalicelib.domain.finding import customer_words, sought, words_of
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY
from chalicelib.domain.work import WorkRecord
from chalicelib.storage import accounts
from chalicelib.storage import finding as index
from chalicelib.usecases import assignments, customers, finding, packages
from chalicelib.usecases.finding import PAGE_UNITS, CustomersSought, PackagesAsked
from chalicelib.usecases.finding_assignments import AssignmentsAsked, find_assignments
from chalicelib.usecases.reindexing import request_reindex
from chalicelib.usecases.runs.marks import park_customers
from chalicelib.usecases.runs.rounds import ToPark
from chalicelib.usecases.work import read_work
from tests.world.dynamodb import Answer, Request
from tests.world.indexed import INDEX, index_due, index_of
from tests.world.stage import TODAY, Stage, furnished

T = TypeVar("T")
CUSTOMERS: Final = int(os.environ.get("FOUND_AMONG", "5000"))
"""As many show it; with 100,000 the pages are the same (docs/benchmarks.md)."""
PAGES: Final = 8


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Müller & Søn GmbH", ("muller", "son", "gmbh")),
        ("STRASSE Straße", ("strasse",)),
        ("O'Neill-Łódź", ("o", "neill", "lodz")),
        ("a b c d e f g h i", tuple("abcdefgh")),
        ("", ()),
        ("Ελλάς 42", ("ελλασ", "42")),
    ],
)
def test_words_of_names_have_no_accents_and_no_capitals(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mul", True), ("GMBH mül", True), ("acme-00", True), ("acme-00 gm", True), ("acme-01", False), ("ller", False),
        ("muller ltd", False), ("0042", False), ("Müller-Gmbh", True), ("a m g", True),
    ],
)  # fmt: skip
def test_every_part_begins_a_word_of_the_name_or_the_id(text: str, *, found: bool) -> None:
    assert sought(text).finds("Acme-0042", words_of("Müller GmbH")) is found


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"name": "Acme Ltd", "email": "Jo.Doe@acme.example"}, ("acme", "ltd", "jo", "doe", "example")),
        ({"external_id": "CRM-0042", "tags": ("Nörd-West", "crm")}, ("crm", "0042", "nord", "west")),
        ({"name": "a b c d e f g h i", "external_id": "i"}, tuple("abcdefghi")),
        ({"name": "n", "tags": tuple(f"t{n}" for n in range(30))}, ("n", *(f"t{n}" for n in range(24)))),
        ({}, ()),
    ],
    ids=["e-mail", "external id and tags", "not of the name's eight", "24 beside the name", "none"],
)
def test_a_customer_has_the_words_of_all_that_it_is_known_by(known: dict[str, Any], words: tuple[str, ...]) -> None:
    assert customer_words(Account("acme", "USD", **known)) == words


@pytest.mark.parametrize(
    ("text", "looked_up", "whole_id"),
    [
        ("x telefonie", "telefonie", None), ("tenant 043", "043", None), ("043 a1", "043", None),
        ("gmbh acme-00421", "00421", "acme-00421"), ("crm-0042", "0042", "crm-0042"),
        ("jo@harbour.example", "harbour", "jo@harbour.example"),
    ],
)  # fmt: skip
def test_the_longest_word_is_looked_up_and_ids_that_begin_with_all_of_its_part(text: str, looked_up: str, whole_id: str | None) -> None:
    assert (sought(text).beginning, sought(text).beginning_of_id) == (looked_up, whole_id)


def test_what_has_no_letter_and_no_digit_finds_nothing() -> None:
    with pytest.raises(ValueError, match="a letter or a digit"):
        sought(" -- ")


def found_names(stage: Stage, text: str = "", limit: int = 200, **asked: Any) -> list[str]:
    """The ids that are found, page by page."""
    asked_for = CustomersSought(sought(text) if text else None, **asked)
    return [one.customer_id for page in pages(partial(finding.find_customers, stage.db, asked_for), limit) for one in page]


def pages(load: Callable[[Any, int], tuple[list[T], Any]], limit: int) -> Iterator[list[T]]:
    page, after = load(None, limit)
    yield page
    while after is not None:
        page, after = load(cursors.read_cursor("x", cursors.write_cursor("x", after) or ""), limit)
        yield page


def named(stage: Stage, customer_id: str, name: str, currency: str = "USD", **known: Any) -> None:
    def edit(old: Account | None) -> Account:
        return (old or Account(customer_id, currency))._replace(name=name, **known)

    customers.write_customer(stage.db, stage.context(customer_id), customer_id, None, edit)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_customers_are_found_by_words_and_ids_as_soon_as_they_are_written(limit: int) -> None:
    stage = Stage()
    stage.store.knobs.index_lag = lambda: 1e9
    for customer_id, name in (("acme-1", "Müller Müllheim GmbH"), ("acme-2", "Ostwind"), ("b7", "GmbH Müller & Söhne"), ("Mue", "Ltd")):
        named(stage, customer_id, name)
    assert found_names(stage, "mul", limit) == ["acme-1", "b7"]  # once each, although two words of the first begin so
    assert found_names(stage, "gmbh MÜLLER", limit) == ["acme-1", "b7"]
    assert found_names(stage, "muller sohne", limit) == ["b7"]
    assert found_names(stage, "acme-", limit) == ["acme-1", "acme-2"]
    assert found_names(stage, "acme ost", limit) == ["acme-2"]
    assert (found_names(stage, "mue", limit), found_names(stage, "x", limit)) == (["Mue"], [])
    named(stage, "acme-1", "Westwind")
    assert (found_names(stage, "mul", limit), found_names(stage, "westw", limit)) == (["b7"], ["acme-1"])
    customers.delete_customer(stage.db, stage.context("gone"), "b7", None)
    assert found_names(stage, "mul", limit) == []
    assert index_of(stage.store) == index_due(stage.store)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_customers_are_found_by_e_mail_external_id_and_tags(limit: int) -> None:
    stage = Stage()
    named(stage, "crm-0042", "Ost", email="jo@harbour.example")
    named(stage, "b", "Harbour Point", external_id="CRM-0042", tags=("reseller", "Nörd"))
    named(stage, "c", "Crm 0042", tags=("harbour", "0042"))
    named(stage, "0042", "West", email="crm@x.example")
    named(stage, "d", "Crm 0043")
    assert found_names(stage, "crm-0042", limit) == ["crm-0042", "0042", "b", "c"]  # the ids first, each once
    assert found_names(stage, "jo@harbour.example", limit) == ["crm-0042"]
    assert (found_names(stage, "harb", limit), found_names(stage, "nord RESELL", limit)) == (["b", "c", "crm-0042"], ["b"])
    named(stage, "b", "Harbour Point", external_id="CRM-0044", tags=())
    assert (found_names(stage, "reseller", limit), found_names(stage, "crm-0044", limit)) == ([], ["b"])
    assert index_of(stage.store) == index_due(stage.store)
    customers.delete_customer(stage.db, stage.context("gone"), "b", None)
    assert index_of(stage.store) == index_due(stage.store)


def test_a_customer_that_a_former_release_wrote_is_found_by_its_name_and_after_a_reindex_by_the_rest() -> None:
    stage = furnished()
    named(stage, "rich", "Rich Aunt")
    account = customers.read_customer(stage.db, "rich")._replace(email="jo@harbour.example", tags=("north",))
    change = accounts.replace_account(account, account._replace(version=account.version + 1))
    stage.db.write(change)  # as it was written: with the words of the name only
    assert (found_names(stage, "aunt"), found_names(stage, "ric aunt"), found_names(stage, "jo@harbour")) == (["rich"], ["rich"], [])
    assert reindex(stage).rows == 1
    assert (found_names(stage, "aunt"), found_names(stage, "jo@harbour"), found_names(stage, "north")) == (["rich"], ["rich"], ["rich"])
    assert index_of(stage.store) == index_due(stage.store)


def test_customers_are_found_by_what_they_are() -> None:
    stage = furnished()
    named(stage, "euro", "Euro", "EUR")
    assert (found_names(stage, currency="EUR"), found_names(stage, currency="USD", limit=1)) == (["euro"], ["poor", "rich"])
    assert (found_names(stage, held=True, limit=1), found_names(stage, held=False)) == (["poor"], ["euro", "rich"])
    assert found_names(stage, parked=True) == []
    park_customers(stage.db, stage.context("park"), [ToPark(customers.read_customer(stage.db, "rich"), TODAY)])
    assert (found_names(stage, parked=True), found_names(stage, parked=True, held=True)) == (["rich"], [])
    assert (found_names(stage, "ric", parked=True), found_names(stage, "ric", parked=False)) == (["rich"], [])
    assert (found_names(stage, currency="USD", parked=False), found_names(stage, prefix="r", parked=True)) == (["poor"], ["rich"])
    assert index_of(stage.store) == index_due(stage.store)
    customers.unpark_customer(stage.db, stage.context("unpark"), "rich")
    assert found_names(stage, parked=True) == []
    assert index_of(stage.store) == index_due(stage.store)


def test_packages_are_found_by_words_and_kinds() -> None:
    stage = furnished()

    def found(text: str = "", **asked: Any) -> list[str]:
        asked_for = PackagesAsked(sought(text) if text else None, **asked)
        return [one.package_id for page in pages(partial(finding.find_packages, stage.db, asked_for), 1) for one in page]

    def edit(old: Package) -> Package:
        return old._replace(name="Service d'Étage", currency="EUR")

    packages.change_package(stage.db, stage.context("name"), "empty", None, edit)
    assert (found("etage"), found("empty"), found("mi")) == (["empty"], ["empty"], ["minutes"])
    assert (found(currency="EUR"), found(type="free_minutes"), found("m", type="standard")) == (["empty"], ["minutes"], ["mobile"])
    assert found(frequency="none") == ["empty"]
    packages.delete_package(stage.db, stage.context("delete"), "empty", None)
    assert found("etage") == found("empty") == []
    assert index_of(stage.store) == index_due(stage.store)


@pytest.mark.parametrize("limit", [1, 200])
def test_assignments_are_found_across_customers(limit: int) -> None:
    stage = furnished()
    stage.customer("third")
    for number in range(3):
        stage.assign(f"ends-{number}", "third", "line", end_date=TODAY + (number + 1) * DAY)
    stage.package("hosted", connexcs_package="pbx#1")
    stage.package("hosted-too", connexcs_package="pbx#1")
    stage.package("other", connexcs_package="pbx")
    for name, package in (("one", "hosted"), ("two", "hosted-too"), ("three", "other")):
        stage.assign(name, "poor", package)

    def found(**asked: Any) -> list[str]:
        load = partial(find_assignments, stage.db, TODAY, AssignmentsAsked(**asked))
        return [one.assignment.assignment_id for page in pages(load, limit) for one in page]

    assert found(did="4420") == ["rich-mobile"]
    assert found(ends_from=TODAY + 2 * DAY) == ["ends-1", "ends-2"]
    assert found(ends_to=TODAY + 2 * DAY, package="line") == ["ends-0", "ends-1"]
    assert found(ends_to=TODAY + 2 * DAY, package="mobile") == found(did="4420", ends_to=TODAY) == found(package="none") == []
    assert found(package="line") == ["ends-0", "ends-1", "ends-2", "later", "poor-line", "rich-line"]
    assert (found(connexcs_package="pbx#1"), found(connexcs_package="pbx"), found(connexcs_package="x")) == (["one", "two"], ["three"], [])
    assignments.change_assignment(stage.db, stage.context("open"), ("third", "ends-0"), None, lambda old: old._replace(end_date=None), True)
    assert found(ends_from=TODAY) == ["ends-1", "ends-2"]
    assert index_of(stage.store) == index_due(stage.store)


def test_a_word_costs_two_write_units_and_a_charge_writes_none() -> None:
    stage = furnished()

    def units(work: Callable[[], object]) -> float:
        before = stage.store.meter.write_units
        work()
        return float(stage.store.meter.write_units - before)

    unnamed, named_so = (units(partial(named, stage, name, words)) for name, words in (("a", ""), ("b", "Ost West Nord")))
    assert named_so - unnamed == 6
    one, other = (units(partial(named, stage, "b", words)) for words in ("Ost West Nord Sud", "Ost West Nord Sud x"))
    assert other - one <= 2  # what stands is written anew, with the other words
    before = index_of(stage.store)
    stage.evaluate("third")
    assert index_of(stage.store) == before


def test_a_page_takes_25_read_units_whatever_there_is() -> None:
    """100,000 customers, of whose names 60,000 share a word; two of them have another one with it."""
    stage = Stage(page_bytes=1 << 20)
    names = {f"customer-{n:06}": f"{'Telefonie' if n % 5 < 3 else 'Handel'} Nummer{n}" for n in range(CUSTOMERS)}
    names |= {"customer-000001": "Telefonie Alpha", f"customer-{CUSTOMERS - 1:06}": "Telefonie Alpha"}
    for customer_id, name in names.items():
        account = Account(customer_id, "USD", name)
        for action in (accounts.create_account(account), *index.rewritten((), index.customer_items(account))):
            put = action["Put"]
            stage.store.tables[put["TableName"]].write((put["Item"]["pk"]["S"], put["Item"]["sk"]["S"]), put["Item"], 0)

    def cost(text: str, limit: int = 50, **asked: Any) -> tuple[list[float], list[str]]:
        """The units of each page, and what was found."""
        units, found = [], list[str]()
        load = partial(finding.find_customers, stage.db, CustomersSought(sought(text) if text else None, **asked))
        before = stage.store.meter.read_units
        for page, _ in zip(pages(load, limit), range(PAGES), strict=False):
            units.append(stage.store.meter.read_units - before)
            before = stage.store.meter.read_units
            found += [one.customer_id for one in page]
        return units, found

    together, both = cost("telefonie alpha")
    assert (both[0], max(together) <= PAGE_UNITS) == ("customer-000001", True), together
    for text, asked in (("telefonie", {}), ("customer", {}), ("telefonie x", {}), ("", {"currency": "EUR"}), ("", {"currency": "USD"})):
        for limit in (1, 50, 200):
            units, _ = cost(text, limit, **asked)
            assert max(units) <= PAGE_UNITS, (text, asked, limit, units)
    assert len(cost("telefonie")[1]) == PAGES * finding.FOUND_MAX


def reindex(stage: Stage, name: str = "reindex") -> WorkRecord:
    """The work, done."""
    made = request_reindex(stage.services, stage.context(name))
    while stage.queued_work:
        stage.carry_out_work(stage.queued_work.pop(0), stage.context(name), lambda: 100.0)
    return read_work(stage.db, made.work_id)


def without_index(stage: Stage) -> Stage:
    """The tables as a release before left them."""
    for table in ("catalog", "runs"):
        for item in stage.store.items(table):
            if INDEX.fullmatch(item["pk"]["S"]):
                stage.store.tables[table].write((item["pk"]["S"], item["sk"]["S"]), None, 0)
    return stage


def before_the_index() -> Stage:
    stage = furnished()
    stage.package("hosted", connexcs_package="pbx")
    named(stage, "rich", "Rich Aunt")
    stage.assign("ends", "rich", "line", end_date=TODAY + DAY)
    park_customers(stage.db, stage.context("park"), [ToPark(customers.read_customer(stage.db, "poor"), TODAY)])
    return without_index(stage)


def test_a_customer_may_change_all_words_that_it_may_have() -> None:
    """In one transaction, with what else is written: 100 actions."""
    stage = furnished()
    for start in "ab":
        words = [start + chr(ord("a") + n // 26) + chr(ord("a") + n % 26) for n in range(60)]
        named(stage, "rich", " ".join(words[:10]), email=f"{'.'.join(words[10:30])}@example", tags=tuple(words[30:50]))
        assert len([one for one in index_of(stage.store) if one[1].endswith("#rich")]) == 1 + 8 + 24
    assert index_of(stage.store) == index_due(stage.store)


def test_what_stood_before_is_indexed_once() -> None:
    stage = before_the_index()
    assert index_of(stage.store) == set()
    made = reindex(stage)
    assert (made.state, made.rows, index_of(stage.store) == index_due(stage.store)) == ("finished", 7, True)
    written = stage.store.meter.write_units
    assert reindex(stage, "again").rows == 0
    assert stage.store.meter.write_units - written < 30  # its own record, and whose turn it is


def test_a_customer_renamed_while_it_is_indexed_is_found_by_its_new_name_only() -> None:
    stage, renamed = before_the_index(), False

    def rename(request: Request, effect: Callable[[], Answer]) -> Answer:
        nonlocal renamed
        if request.operation == "transact_write_items" and "rich" in str(request.arguments) and not renamed:
            renamed = True
            named(stage, "rich", "Uncle")
        return effect()

    request_reindex(stage.services, stage.context("reindex"))
    stage.store.hook = rename
    while stage.queued_work:
        stage.carry_out_work(stage.queued_work.pop(0), stage.context("reindex"), lambda: 100.0)
    stage.store.hook = None
    assert renamed
    assert index_of(stage.store) == index_due(stage.store)


def test_words_that_a_former_release_left_behind_find_nothing() -> None:
    """Its changes don't move the words: a reindex adds the new ones, and the old ones mean nobody any more."""
    stage = furnished()
    named(stage, "rich", "Mueller")
    item = next(item for item in stage.store.items("accounts") if item["sk"]["S"] == "ACCOUNT" and item["pk"]["S"] == "rich")
    stage.store.tables["accounts"].write(("rich", "ACCOUNT"), item | {"name": {"S": "Muenchen"}}, 0)
    assert found_names(stage, "mue") == []
    reindex(stage)
    assert (found_names(stage, "mue"), found_names(stage, "mueller")) == (["rich"], [])
