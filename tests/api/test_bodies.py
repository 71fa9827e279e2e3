"""What callers are told of a field of the wrong kind: in words of JSON, not of Python or of the classes here."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from chalicelib import wire
from chalicelib.domain.errors import Invalid
from chalicelib.wire.assignment_bodies import AssignmentBody
from chalicelib.wire.bodies import Body, EvaluationBody, PackageBody, UsageBody, parse
from chalicelib.wire.fault_words import NO_SENTENCE

FAULTS: dict[str, tuple[type[Body], Any, str]] = {
    "text for a flag": (PackageBody, {"name": "a", "minimum_spend": "yes"}, "/minimum_spend: must be true or false"),
    "a number for a flag": (EvaluationBody, {"allow_future": 1}, "/allow_future: must be true or false"),
    "text for a number": (PackageBody, {"name": "a", "minimum_days": "3"}, "/minimum_days: must be a whole number"),
    "a flag for a number": (
        AssignmentBody, {"package_id": "a", "start_date": "2026-01-01", "quantity": True}, "/quantity: must be a whole number",
    ),
    "a number for a text": (PackageBody, {"name": 5}, "/name: must be text"),
    "text for a list": (PackageBody, {"name": "a", "frequency_match": "1"}, "/frequency_match: must be a list"),
    "a number for an object": (UsageBody, {"calls": [5]}, "/calls/0: must be an object"),
    "too few": (UsageBody, {"calls": []}, "/calls: must have at least 1"),
    "too many": (UsageBody, {"calls": [5] * 101}, "/calls: must have at most 100, not 101"),
    "a list for the body": (PackageBody, [], "must be an object"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "raw", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_words_of_json(model: type[Body], raw: Any, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(model, raw)
    assert refused.value.detail == told


BAD: Final[tuple[Any, ...]] = (
    None, True, 7, -1, 10**30, 1.5, "", "x" * 3000, "\x00", "nonsense", [], ["x"], [1], [{}], [None], [""] * 2000, {},
    {"a": 1}, {"from": 1},
)  # fmt: skip
PYDANTICS: Final = re.compile(r"Input|should|valid |match pattern|Value error|pydantic", re.IGNORECASE)


def bodies_of(kind: type[Body] = Body) -> Iterator[type[Body]]:
    """Every body there is, in whatever module."""
    for module in pkgutil.iter_modules(wire.__path__):
        importlib.import_module(f"{wire.__name__}.{module.name}")
    for one in kind.__subclasses__():
        yield one
        yield from bodies_of(one)


def faults_of(model: type[Body], sent: Any) -> Sequence[Any]:
    """What is wrong with a body."""
    try:
        parse(model, sent)
    except Invalid as refused:
        return refused.faults
    return ()


@pytest.mark.parametrize("model", dict.fromkeys(bodies_of()), ids=lambda model: model.__name__)
def test_no_sentence_of_the_library_comes_out_whatever_a_field_is_given(model: type[Body]) -> None:
    """One sentence a place, in our words: each kind of fault that pydantic knows here has one."""
    for name, field in model.model_fields.items():
        for bad in BAD:
            faults = faults_of(model, sent := {field.alias or name: bad})
            told = [one for one in faults if PYDANTICS.search(one.detail) or one.detail == NO_SENTENCE]
            assert not told, (sent, told)
            assert len({one.pointer for one in faults}) == len(faults), (sent, faults)
