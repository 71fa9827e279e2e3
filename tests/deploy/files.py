"""Files for imports of a stack of the tests, put where they belong."""

from typing import TYPE_CHECKING

import httpx

from tests.api.support import Json, ok, unique

if TYPE_CHECKING:
    from tests.deploy.features import Sample


def an_announced_file(s: "Sample", kind: str, text: str) -> str:
    """The id of an import whose file is where it belongs."""
    announced = ok(s.api.post("/imports", json={"kind": kind}), 201)
    httpx.put(announced["upload"]["link"], content=text).raise_for_status()
    return str(announced["import_id"])


def an_import(s: "Sample", kind: str, text: str) -> Json:
    """The application of a file, which nobody has worked at."""
    announced = an_announced_file(s, kind, text)
    begun: Json = ok(s.api.post(f"/imports/{announced}/application?confirm_backlog=true"), 202)
    return begun


def a_checked_file(s: "Sample") -> None:
    """The check is asked for."""
    ok(s.api.post(f"/imports/{an_announced_file(s, 'packages', 'name')}/check"), 202)


def some_packages(s: "Sample") -> Json:
    """The import of one package more."""
    return an_import(s, "packages", f"name\n{unique('package')}\n")
