"""Asserts the limits on the size of functions and modules, of the product and of what is around it: small ones stay small only
while something counts.

Counted are the lines of a function from `def` to its end without its docstring, and all lines of a module.
"""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
MEDIAN_LINES_MAX = 10
PERCENTILE_95_LINES_MAX = 35
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = {"app.py": 80, "chalicelib": 300, "tools": 700, "demo": 700, "bench": 700, "tests": 700}
"""By the file or folder at the top. Around the product there are long tables, and tests of one subject."""
PRODUCT = ("app.py", "chalicelib")

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


def module_faults(sources: Mapping[Path, str]) -> Iterator[str]:
    for path, source in sources.items():
        lines, limit = len(source.splitlines()), MODULE_LINES_MAX[path.parts[0]]
        if lines > limit:
            yield f"{path} has {lines} lines, at most {limit} are wanted"


def faults(title: str, sources: Mapping[Path, str]) -> list[str]:
    """What is too large of some modules. Prints what sizes they have."""
    found = [function for path, source in sources.items() for function in functions(path, source)]
    lengths = [function.lines for function in found]
    print(
        f"{title}: {len(sources)} modules, {len(found)} functions: median {median(lengths):g}, "
        f"95th percentile {percentile_95(lengths)}, longest {max(lengths)} lines"
    )
    return [*module_faults(sources), *function_faults(found)]


def main() -> int:
    paths = [path for top in MODULE_LINES_MAX for path in (sorted((ROOT / top).rglob("*.py")) or [ROOT / top])]
    sources = {path.relative_to(ROOT): path.read_text() for path in paths}
    product = {path: source for path, source in sources.items() if path.parts[0] in PRODUCT}
    around = {path: source for path, source in sources.items() if path not in product}
    found = [*faults("the product", product), *faults("around it", around)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
