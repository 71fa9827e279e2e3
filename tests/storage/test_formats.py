"""What is stored keeps its meaning: every release's bytes are read for good, and this release and the one before read each other.

Golden files hold how a release stored the samples. They are compared field by field with the samples as they are written down here.
"""

import json
import subprocess
import sys
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.deciding import DecisionKind
from chalicelib.storage import packing, rows
from chalicelib.storage.codec import Codec, integer_attribute, plain_attribute
from chalicelib.storage.rows import RowFormat, amount_column, by_key, row_column, rows_column
from tests.deploy import former
from tests.storage import formats
from tests.storage.samples import SAMPLES

RELEASED = sorted((Path(__file__).parent / "released").glob("*.json"))
GOLDEN = [(path.stem, name, kept) for path in RELEASED for name, kept in json.loads(path.read_text(encoding="utf-8")).items()]
IDS = [f"{release}-{name}" for release, name, _ in GOLDEN]


def unpacked(stored: Any) -> Any:
    """Stored attributes with what is packed in them as text, since compression may differ from machine to machine."""
    attributes = formats.with_bytes(stored)
    return {name: zlib.decompress(one["B"]).decode() if "B" in one else one for name, one in attributes.items()}


def run_former(*arguments: str, given: str = "") -> str:
    """What Python prints that knows the former release, and not this one."""
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, env=former.environment())
    assert done.stderr == ""
    return done.stdout


def fields(value: Any) -> dict[str, Any]:
    """A value's fields as Python writes them: with types, and amounts with all their digits."""
    many_values = value if isinstance(value, (list, tuple)) and not hasattr(value, "_fields") else [value]
    return {f"{n}.{name}": repr(getattr(each, name)) for n, each in enumerate(many_values) for name in each._fields}


def test_released_formats_are_kept_and_cover_all_that_is_stored() -> None:
    assert [path.stem for path in RELEASED][:1] == ["2026-11-28"]
    assert {kept["format"] for _, _, kept in GOLDEN} == {one.format for one in SAMPLES.values()} == formats.FORMATS.keys()


@pytest.mark.parametrize(("release", "name", "kept"), GOLDEN, ids=IDS)
def test_a7_what_a_release_stored_is_read_field_by_field(release: str, name: str, kept: Any) -> None:
    read = formats.read(kept["format"], kept["stored"])
    assert fields(read) == fields(SAMPLES[name].value)
    assert read == SAMPLES[name].value


@pytest.mark.parametrize(("release", "name", "kept"), GOLDEN, ids=IDS)
def test_a7_what_says_nothing_new_is_stored_as_released(release: str, name: str, kept: Any) -> None:
    """So the release before can read it after a way back, and items keep their sizes."""
    assert unpacked(formats.write(kept["format"], SAMPLES[name].value)) == unpacked(kept["stored"])


def test_b26_the_release_before_reads_what_this_one_writes() -> None:
    written = {name: {"format": one.format, "stored": formats.write(one.format, one.value)} for name, one in SAMPLES.items()}
    assert run_former("-c", "import chalicelib; print(chalicelib.__file__)").startswith(str(former.ARCHIVE))
    read = json.loads(run_former("-m", "formats", given=json.dumps(written)))
    assert read == {name: kept["read"] for release, name, kept in GOLDEN if release == RELEASED[-1].stem}


@pytest.mark.parametrize(("kind", "stored"), [("written_off", "leave"), ("not_over", "wait"), ("charge", "charge")])
def test_a_decision_is_stored_under_the_word_that_it_was_released_with(kind: DecisionKind, stored: str) -> None:
    step = SAMPLES["steps"].value[0]._replace(kind=kind, status=None)
    packed = packing.pack_steps([step])
    assert packing.unpack(packed)[0][1] == stored
    assert packing.unpack_steps(packed) == [step]


class Before(NamedTuple):
    """A value of a former release."""

    name: str
    price: Decimal


class Priced(NamedTuple):
    """The same with what a later release adds, in the order in which its domain likes it."""

    discount: Decimal | None
    name: str
    tags: tuple[Before, ...]
    price: Decimal


BEFORE = RowFormat(Before, rows.plain_column("name"), amount_column("price"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> RowFormat[Priced]:
    """A row that has gained two columns in format 2."""
    monkeypatch.setattr(rows, "LATEST", 2)
    return RowFormat(
        Priced,
        rows.plain_column("name"),
        amount_column("price"),
        amount_column("discount", absent=None, since=2),
        rows_column("tags", BEFORE, absent=(), since=2),
    )


def test_a_row_that_says_nothing_new_is_the_former_one(later: RowFormat[Priced]) -> None:
    plain_one = Priced(None, "pbx", (), Decimal("9.50"))
    assert later.write(plain_one) == BEFORE.write(Before("pbx", Decimal("9.50"))) == ["pbx", Decimal("9.50")]
    assert later.format(plain_one) == rows.FIRST
    assert later.read(["pbx", "9.50"]) == plain_one


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        (Priced(Decimal("0.1"), "pbx", (), Decimal(9)), ["pbx", Decimal(9), Decimal("0.1")]),
        (
            Priced(None, "pbx", (Before("a", Decimal(1)),), Decimal(9)),
            ["pbx", Decimal(9), None, [["a", Decimal(1)]]],
        ),
    ],
    ids=["the next column", "a later one"],
)
def test_what_is_new_is_appended_and_says_its_format(later: RowFormat[Priced], value: Priced, cells: list[Any]) -> None:
    assert later.write(value) == cells
    assert later.format(value) == later.format_of_all([Priced(None, "", (), Decimal(0)), value]) == 2
    assert later.read(json.loads(json.dumps(cells, default=str))) == value
    with pytest.raises(TypeError, match="Before has"):
        BEFORE.read(cells)


def test_what_lies_within_others_says_the_format_that_it_needs(later: RowFormat[Priced]) -> None:
    class Holder(NamedTuple):
        one: Priced | None
        by_name: dict[str, Priced]

    holder = RowFormat(Holder, row_column("one", later), by_key("by_name", later))
    former_one, new = Priced(None, "a", (), Decimal(1)), Priced(Decimal(1), "a", (), Decimal(1))
    held = [Holder(None, {}), Holder(former_one, {"x": former_one}), Holder(new, {}), Holder(None, {"x": new})]
    assert [holder.format(each) for each in held] == [1, 1, 2, 2]


def test_packed_content_of_a_later_format_is_refused() -> None:
    packed = packing.pack({"format": rows.LATEST + 1, "content": []})
    for unpack in (packing.unpack_steps, packing.unpack_not_due, packing.unpack_result, packing.unpack_summary):
        with pytest.raises(packing.LaterFormat, match="a later release packed this"):
            unpack(packed)


def test_packed_content_of_the_latest_format_says_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "LATEST", 2)
    monkeypatch.setattr(packing.STEP_ROW, "format", lambda _: 2)
    monkeypatch.setattr(packing.STEP_ROW, "format_of_all", lambda _: 2)
    packed = packing.pack_steps(SAMPLES["steps"].value)
    assert packing.unpack(packed)["format"] == 2
    assert packing.unpack_steps(packed) == SAMPLES["steps"].value


def test_a_column_between_others_is_refused(later: RowFormat[Priced]) -> None:
    with pytest.raises(TypeError, match="is not appended"):
        RowFormat(Before, amount_column("price", absent=None, since=2), rows.plain_column("name"))
    with pytest.raises(TypeError, match="later than the latest format"):
        RowFormat(Before, rows.plain_column("name"), amount_column("price", absent=None, since=3))


def test_a_row_that_ends_too_early_is_refused() -> None:
    with pytest.raises(TypeError, match="Before has 1 cells"):
        BEFORE.read(["pbx"])


def test_a_field_without_a_place_in_storage_is_refused() -> None:
    """No field of the domain vanishes when it is stored: the module that stores it can't even be imported."""
    with pytest.raises(TypeError, match="Before and what is stored of it differ in price"):
        Codec(Before, {"name": plain_attribute("name")})
    with pytest.raises(TypeError, match="differ in cost"):
        Codec(Before, {"name": plain_attribute("name"), "price": plain_attribute("price"), "cost": plain_attribute("cost")})
    with pytest.raises(TypeError, match="differ in name"):
        Codec(Before, {"name": plain_attribute("name"), "price": plain_attribute("price")}, elsewhere=("name",))
    with pytest.raises(TypeError, match="differ in price"):
        RowFormat(Before, rows.plain_column("name"))


def test_an_item_that_lacks_an_attribute_is_refused() -> None:
    codec = Codec(Before, {"name": plain_attribute("name"), "price": integer_attribute("price", 7)})
    assert codec.entity({"name": "pbx"}) == Before("pbx", Decimal(7))
    with pytest.raises(TypeError, match="an item of Before lacks name"):
        codec.entity({"price": 1})


def test_a7_absence_means_what_storage_says_whatever_the_domain_defaults_to() -> None:
    class Defaulted(NamedTuple):
        name: str
        frequency: str = "daily"

    codec = Codec(Defaulted, {"name": plain_attribute("name"), "frequency": plain_attribute("frequency", "none")})
    assert codec.entity({"name": "pbx"}) == Defaulted("pbx", "none")
    assert codec.item(Defaulted("pbx")) == {"name": "pbx", "frequency": "daily"}
    assert codec.item(Defaulted("pbx", "none")) == {"name": "pbx"}


def test_an_account_is_created_with_what_conditions_refer_to() -> None:
    stored = formats.write("account", Account("acme", "EUR"))
    assert {name: stored[name] for name in ("balance", "held", "assignments", "version")} == {
        "balance": {"N": "0"}, "held": {"N": "0"}, "assignments": {"N": "0"}, "version": {"N": "1"},
    }  # fmt: skip
