"""`make mutate`: how many small faults planted in the domain its tests notice, by module; the survivors are listed.

Works on a copy in `.local/mutation`. mutmut plants faults in plain functions only, so the copy has `name = decorator(name)`
below a function instead of `@decorator` above it; caches are left out, as they would answer for a faulty function with what
the faultless one said.
"""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools.bundle import ROOT

COPY = ROOT / ".local" / "mutation" / "copy"
DOMAIN = Path("chalicelib", "domain")
COPIED = ("app.py", "pyproject.toml", "chalicelib", "demo", "tests", "tools")
CACHES = ("lru_cache", "cache")
KILLED = (1, 3, 24, -24, 36, 152, 255)
"""mutmut's codes of a failed test, of a broken one, and of one that never ends."""
NOT_KILLED = {0: "survived", 5: "no test", 33: "no test", None: "not run"}
CONFTEST = '''"""Written by tools/mutate.py: the same examples for every fault, and none made smaller."""

from hypothesis import Phase, settings

phases = (Phase.explicit, Phase.generate)
settings.register_profile("mutation", derandomize=True, database=None, deadline=None, max_examples=50, phases=phases)
settings.load_profile("mutation")
'''


def undecorated(source: str) -> str:
    """The same program with decorators of functions written as assignments, without caches."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for function in sorted(functions, key=lambda node: -node.lineno):
        indent = " " * function.col_offset
        calls = [f"{ast.unparse(one)}({function.name})" for one in function.decorator_list if not is_cache(one)]
        lines[function.end_lineno : function.end_lineno] = [f"{indent}{function.name} = {call}" for call in reversed(calls)]
        for decorator in function.decorator_list:
            lines[decorator.lineno - 1] = ""
    return "\n".join(lines) + "\n"


def is_cache(decorator: ast.expr) -> bool:
    """Whether this is `@lru_cache(...)` or `@cache`."""
    made_by = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(made_by, ast.Name) and made_by.id in CACHES


def make_copy() -> None:
    """Writes the copy anew."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, COPY / name)
    for path in (COPY / DOMAIN).glob("*.py"):
        path.write_text(undecorated(path.read_text()))
    (COPY / "conftest.py").write_text(CONFTEST)


def print_figures() -> None:
    """A row per module, then every fault that no test noticed."""
    verdicts = {
        path.name.removesuffix(".py.meta"): json.loads(path.read_text())["exit_code_by_key"]
        for path in sorted((COPY / "mutants" / DOMAIN).glob("*.meta"))
    }
    everything = [code for codes in verdicts.values() for code in codes.values()]
    for name, codes in [(name, list(codes.values())) for name, codes in verdicts.items()] + [("all", everything)]:
        killed = sum(code in KILLED for code in codes)
        if codes:
            print(f"{name:12} {killed:5} of {len(codes):5} {killed / len(codes):6.1%}")
    for codes in verdicts.values():
        for fault, code in codes.items():
            if code not in KILLED:
                print(f"{NOT_KILLED.get(code, 'not judged')}: {fault}")


def main() -> int:
    make_copy()
    mutmut = Path(sys.executable).parent / "mutmut"
    finished = subprocess.run((mutmut, "run", *sys.argv[1:]), cwd=COPY, check=False).returncode
    print_figures()
    print(f"to read one: cd {COPY.relative_to(ROOT)} && ../.venv/bin/mutmut show NAME")
    return finished


if __name__ == "__main__":
    sys.exit(main())
