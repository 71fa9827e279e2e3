"""Files of packages, customers and assignments: every faulty row is named, and all rows are written or none.

A row without an id makes something new; one with the id of what stands changes it, as a PATCH does. All of a file is one
transaction of at most 100 actions, so no reader ever sees half of it and a crash leaves none of it. A row takes two actions, one of
them for its history, and each DID, customer and package that rows of assignments name takes one. What a row would leave as it is
takes none.
"""

from .assignments import Made, assign, confirmed, made_row, named_in, packages_by_name, post_rows, warned, write_rows
from .customers import write_customer_row, write_customers
from .packages import define, define_row
from .rows import Recording, RowOutcome

__all__ = [
    "Made",
    "Recording",
    "RowOutcome",
    "assign",
    "confirmed",
    "define",
    "define_row",
    "made_row",
    "named_in",
    "packages_by_name",
    "post_rows",
    "warned",
    "write_customer_row",
    "write_customers",
    "write_rows",
]
