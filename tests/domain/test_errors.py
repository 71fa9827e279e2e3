"""What an error carries: its sentence, its code, and every faulty field up to a limit."""

import pytest

from chalicelib.domain.errors import MOST_FAULTS, BillingError, Conflict, Fault, Invalid, NotFound


@pytest.mark.parametrize(
    ("error", "code", "extra"),
    [
        (NotFound("there is none"), "not_found", {}),
        (Conflict("there is none", code="package_in_use", assignments=3), "package_in_use", {"assignments": 3}),
    ],
    ids=["by its kind", "by its name"],
)
def test_an_error_says_what_is_wrong(error: BillingError, code: str, extra: dict[str, object]) -> None:
    assert (error.detail, str(error), error.code, error.extra) == ("there is none", "there is none", code, extra)


def test_all_faults_are_told_in_one_sentence() -> None:
    faults = [Fault("/cost", "is no amount"), Fault("/name", "is required")]
    told = "/cost: is no amount; /name: is required"
    for error, code in ((Invalid(iter(faults)), "invalid"), (Invalid(faults, code="too_many"), "too_many")):
        assert (error.faults, error.detail, str(error), error.code) == (tuple(faults), told, told, code)


@pytest.mark.parametrize(("given", "more"), [(MOST_FAULTS, None), (MOST_FAULTS + 1, "and 1 more"), (MOST_FAULTS + 7, "and 7 more")])
def test_faults_beyond_the_limit_are_counted(given: int, more: str | None) -> None:
    faults = tuple(Fault(f"/{n}", "is odd") for n in range(given))
    rest = () if more is None else (Fault("", more),)
    assert Invalid(faults).faults == faults[:MOST_FAULTS] + rest
