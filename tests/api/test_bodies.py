"""What callers are told of a field of the wrong kind: in words of JSON, not of Python or of the classes here."""

from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.wire.assignment_bodies import AssignmentBody
from chalicelib.wire.bodies import Body, EvaluationBody, PackageBody, UsageBody, parse

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
    "too few": (UsageBody, {"calls": []}, "/calls: list should have at least 1 item, not 0"),
    "too many": (UsageBody, {"calls": [5] * 101}, "/calls: list should have at most 100 items, not 101"),
    "a list for the body": (PackageBody, [], "must be an object"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "raw", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_words_of_json(model: type[Body], raw: Any, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(model, raw)
    assert refused.value.detail == told
