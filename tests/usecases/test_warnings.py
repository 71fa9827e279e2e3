"""Looking for duplicates is bounded: one query of a customer's newest assignments, however many it has."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.detail import Detail
from chalicelib.storage import assignments, packages
from chalicelib.usecases import warnings
from tests.world.stage import TODAY, Stage


def test_b4_a_customer_with_thousands_is_looked_at_in_one_query() -> None:
    stage = Stage(page_bytes=10**6)
    stage.customer("c")
    for name in ("old", "new"):
        stage.package(name)
    given = [Assignment("c", f"a{n:04}", "old" if n < 100 else "new", TODAY + timedelta(days=2 * n), end_date=TODAY + timedelta(days=2 * n))
             for n in range(warnings.SEARCHED_ASSIGNMENTS_MAX + 100)]  # fmt: skip
    for one in given:
        stage.db.write(assignments.create_assignment(one))
    queries: list[Any] = []
    query = stage.store.query

    def counted(**arguments: Any) -> Any:
        queries.append(arguments)
        return query(**arguments)

    stage.store.query = counted

    def told(like: Assignment) -> list[str]:
        package = packages.find_package(stage.db, like.package_id)
        assert package is not None
        found = warnings.assignment_warnings(stage.db, Detail(like._replace(assignment_id="z"), package))
        return [name for one in found for name in one.ids]

    assert told(given[150]) == ["a0150"]
    assert told(given[50]) == []
    assert len(queries) == 2
