"""Texts that hide something are refused, each at its field; what people write in any script is not."""

import re
import sys
from typing import Any
from unicodedata import bidirectional, category

import pytest

from chalicelib.api.call import checked_params
from chalicelib.domain.errors import Invalid
from chalicelib.wire import fields
from chalicelib.wire.bodies import Body, PackageBody, parse
from chalicelib.wire.customer_bodies import CustomerBody
from chalicelib.wire.ledger_bodies import PaymentBody

PLACES: dict[str, tuple[type[Body], dict[str, Any]]] = {
    "name": (PackageBody, {}), "description": (PackageBody, {"name": "a"}), "connexcs_package": (PackageBody, {"name": "a"}),
    "customer": (CustomerBody, {}), "reference": (PaymentBody, {"amount": "1"}),
}  # fmt: skip
HIDDEN = {
    "override": "a\u202e00.5", "embedding": "\u202ba", "isolate": "a\u2066b\u2069", "NUL": "\0=1", "ESC": "a\x1b[2J", "DEL": "a\x7f",
    "C1": "a\x9b", "tab": "a\tb", "zero width only": "\u200b", "joiners only": "\u200d\ufe0f\u200c", "byte order mark": "\ufeff",
    "blank": "   ", "other blanks": "\u00a0\u3000\u2003", "Hangul fillers": "\u3164\u115f", "Braille blank": "\u2800",
    "soft hyphen": "\u00ad",
}  # fmt: skip
LEGIBLE = {
    "emoji of several": "\U0001f468\u200d\U0001f469\u200d\U0001f467", "flag": "\U0001f3f4\u200d\u2620\ufe0f",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3", "Hebrew with marks": "\u05d0\u200f!",
    "accents apart": "e\u0301", "one letter": "x", "blanks inside": " a b ",
}  # fmt: skip


def body(place: str, text: str) -> tuple[type[Body], dict[str, Any], str]:
    model, others = PLACES[place]
    field = "name" if place == "customer" else place
    return model, others | {field: text}, field


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HIDDEN.values(), ids=[f"D11-{name}" for name in HIDDEN])
def test_what_hides_something_is_refused_at_its_field(place: str, text: str) -> None:
    model, raw, field = body(place, text)
    with pytest.raises(Invalid) as refused:
        parse(model, raw)
    assert [fault.pointer for fault in refused.value.faults] == [f"/{field}"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", LEGIBLE.values(), ids=[f"D11-{name}" for name in LEGIBLE])
def test_what_people_write_is_taken_as_it_stands(place: str, text: str) -> None:
    model, raw, field = body(place, text)
    assert getattr(parse(model, raw), field) == text
    pattern = model.model_json_schema()["properties"][field]
    assert re.search(pattern.get("pattern") or pattern["anyOf"][0]["pattern"], text)


def test_d11_lines_belong_to_descriptions_and_references_only() -> None:
    assert parse(PackageBody, {"name": "a", "description": "one\r\ntwo\n"}).description == "one\r\ntwo\n"
    assert parse(PaymentBody, {"amount": "1", "reference": "one\ntwo"}).reference == "one\ntwo"
    for model, raw in ((PackageBody, {"name": "a\nb"}), (CustomerBody, {"name": "a\nb"})):
        with pytest.raises(Invalid):
            parse(model, raw)


def test_d11_every_control_is_refused_by_its_category() -> None:
    directions = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    hidden = {one for one in every if category(one) == "Cc" or bidirectional(one) in directions}
    assert {one for one in every if not re.fullmatch(fields.SHOWN["pattern"].strip("^$"), f"a{one}")} == hidden
    for one in hidden:
        with pytest.raises(ValueError, match="must not have"):
            fields.legible(f"a{one}")


@pytest.mark.parametrize("made", [".", ".."], ids=["D13-dot", "D13-dots"])
def test_an_id_that_can_not_be_opened_is_refused(made: str) -> None:
    with pytest.raises(ValueError, match=r"not \. or \.\."):
        fields.identifier(made)
    assert fields.beginning(made) == made
    with pytest.raises(Invalid):
        checked_params({"customer_id": made.replace(".", "%2E")}, creates=True)
    assert [fields.identifier(one) for one in (".a", "...", "a.", "..a")] == [".a", "...", "a.", "..a"]
