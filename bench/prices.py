"""What units cost. Prices change: these are of us-east-1, on demand, as published for 2025."""

from typing import Final

PRICES_OF: Final = "us-east-1, on demand, 2025"
DOLLARS_A_MILLION_WRITE_UNITS: Final = 0.625
DOLLARS_A_MILLION_READ_UNITS: Final = 0.125
MILLION: Final = 1_000_000


def dollars(write_units: float, read_units: float) -> float:
    """What DynamoDB charges for so many units."""
    return (write_units * DOLLARS_A_MILLION_WRITE_UNITS + read_units * DOLLARS_A_MILLION_READ_UNITS) / MILLION


def minutes(write_units: float, units_a_second: int) -> float:
    """How long so many writes take at least, at a rate that a table sustains."""
    return write_units / units_a_second / 60
