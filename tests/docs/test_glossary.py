"""The glossary names what is there, and the names that it retires stay away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.bundle import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
NOUNS, _, REST = GLOSSARY.partition("## Conventions")
_, _, RETIRED = REST.partition("## Retired names")


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def names(node: ast.AST) -> list[str]:
    """The names that a node of a syntax tree uses or defines."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(module=module, names=found):
            return [*(module or "").split("."), *(alias.name for alias in found), *(alias.asname or "" for alias in found)]
        case ast.Import(names=found):
            return [part for alias in found for part in alias.name.split(".")]
    return []


def defined(tree: ast.Module) -> set[str]:
    """What a module defines: classes, functions, parameters, variables and fields."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    kinds = (ast.FunctionDef, ast.ClassDef, ast.arg)
    return stored | {name for node in ast.walk(tree) if isinstance(node, kinds) for name in names(node)}


def test_every_noun_of_the_glossary_is_defined_in_the_code() -> None:
    nouns = re.findall(r"^\| [^|]+ \| `(\w+)` \| [^|]+ \|$", NOUNS, re.MULTILINE)
    known = set().union(*(defined(tree) for _, tree in sources("chalicelib")))
    assert len(nouns) >= 30
    assert [noun for noun in nouns if noun not in known] == []
    assert len(set(nouns)) == len(nouns)


def test_no_retired_name_comes_back() -> None:
    retired = set(re.findall(r"`(\w+)`", RETIRED))
    prefixes = tuple(name for name in retired if name.endswith("_"))
    assert len(retired) > 20
    assert len(prefixes) > 3
    back = [
        f"{path}: {name}"
        for path, tree in sources("chalicelib", "tools", "demo")
        for node in ast.walk(tree)
        for name in names(node)
        if name.lstrip("_") in retired or name.lstrip("_").startswith(prefixes)
    ]
    assert back == []
