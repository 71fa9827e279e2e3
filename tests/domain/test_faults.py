"""rules 3 and 4: the sentences of faults between fields, whole, and which field each of them names."""

import pytest

from chalicelib.domain.assignment import assignment_faults, minimum_days_faults, package_faults
from chalicelib.domain.errors import Fault
from chalicelib.domain.package import destination_fault, field_faults, match_faults
from tests.domain.build import assignment, day, package


def test_faults_between_an_assignments_fields() -> None:
    values = {"start_date": day("2024-01-02"), "end_date": day("2024-01-01"), "minimum_days": 3, "did": None}
    assert list(assignment_faults(values)) == [
        Fault("/end_date", "lies before the start date, 2024-01-02"),
        Fault("/minimum_days", "can be given on an assignment to a DID only"),
    ]


def test_faults_between_an_assignment_and_its_package() -> None:
    minutes, standard = package(type="free_minutes"), package()
    assert list(package_faults(assignment(), minutes, "EUR")) == [
        Fault("/package_id", "is priced in USD, the customer's currency is EUR"),
        Fault("/free_minutes", "is required for a package of type free_minutes"),
    ]
    assert list(package_faults(assignment(free_minutes=0), standard, "USD")) == [
        Fault("/free_minutes", "only packages of type free_minutes give minutes")
    ]
    assert list(minimum_days_faults(3, package(minimum_days=30))) == [Fault("/minimum_days", "the package sets 30 days")]


def test_faults_of_a_match() -> None:
    weekday = "a weekly package matches weekdays: mon, tue, wed, thu, fri, sat, sun"
    assert list(match_faults("weekly", ("mon", 1, "mon"))) == [
        Fault("/frequency_match/1", weekday),
        Fault("/frequency_match/2", "is given twice"),
    ]
    assert list(match_faults("monthly", (32,))) == [Fault("/frequency_match/0", "a monthly package matches days of the month: 1 to 31")]


def test_faults_between_a_packages_fields() -> None:
    values = {"frequency": "none", "minimum_spend": True, "type": "standard", "destination": "^44"}
    assert list(field_faults(values)) == [
        Fault("/destination", "only packages of type free_minutes have a destination"),
        Fault("/minimum_spend", "needs a frequency other than none"),
    ]


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("", None),
        ("^4", None),
        ("^44|^91", None),
        ("44", "character 1 must be ^: alternatives look like ^44|^91"),
        ("^44|91", "character 5 must be ^: alternatives look like ^44|^91"),
        ("^44|^9|1", "character 8 must be ^: alternatives look like ^44|^91"),
        ("^", "character 2 must be a digit"),
        ("^44|^", "character 6 must be a digit"),
        ("^x", "character 2 must be a digit"),
        ("^4x4", "character 3 must be a digit"),
        ("^4X4", "character 3 must be a digit"),
        ("^44|^9x", "character 7 must be a digit"),
    ],
    ids=[f"destination {n}" for n in range(12)],
)
def test_a_destinations_fault_has_its_place(pattern: str, fault: str | None) -> None:
    assert destination_fault(pattern) == fault
