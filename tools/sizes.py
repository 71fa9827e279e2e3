"""Asserts the limits on the size of functions and modules: small ones stay small only while something counts.

Counted are the lines of a function from `def` to its end without its docstring, and all lines of a module.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
MEDIAN_LINES_MAX = 10
PERCENTILE_95_LINES_MAX = 35
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 300
APP_LINES_MAX = 80

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Function:
    """A function's length and place."""

    lines: int
    place: str


def docstring_lines(node: Definition) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def functions(path: Path, source: str) -> Iterator[Function]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Definition):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            yield Function(lines, f"{path}:{node.lineno} {node.name}")


def percentile_95(lengths: Sequence[int]) -> int:
    """The smallest length that at least 95 % of the functions don't exceed."""
    ordered = sorted(lengths)
    return ordered[-(-len(ordered) * 95 // 100) - 1]


def function_faults(found: Sequence[Function]) -> Iterator[str]:
    lengths = [function.lines for function in found]
    if median(lengths) > MEDIAN_LINES_MAX:
        yield f"the median function has {median(lengths)} lines, at most {MEDIAN_LINES_MAX} are wanted"
    if percentile_95(lengths) > PERCENTILE_95_LINES_MAX:
        yield f"the 95th percentile is {percentile_95(lengths)} lines, at most {PERCENTILE_95_LINES_MAX} are wanted"
    for function in sorted(found, reverse=True):
        if function.lines > FUNCTION_LINES_MAX:
            yield f"{function.place} has {function.lines} lines, at most {FUNCTION_LINES_MAX} are wanted"


def module_fault(path: Path, lines: int) -> str | None:
    limit = APP_LINES_MAX if path.name == "app.py" else MODULE_LINES_MAX
    return f"{path} has {lines} lines, at most {limit} are wanted" if lines > limit else None


def main() -> int:
    paths = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
    sources = {path.relative_to(ROOT): path.read_text() for path in paths}
    found = [function for path, source in sources.items() for function in functions(path, source)]
    faults = [fault for path, source in sources.items() if (fault := module_fault(path, len(source.splitlines())))]
    faults += function_faults(found)
    lengths = [function.lines for function in found]
    print(
        f"{len(sources)} modules, {len(found)} functions: median {median(lengths):g}, "
        f"95th percentile {percentile_95(lengths)}, longest {max(lengths)} lines"
    )
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
