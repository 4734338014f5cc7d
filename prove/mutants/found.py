"""The modules that are the rule: found by following its imports, so that a new module cannot be forgotten."""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

NOUNS = frozenset({"contract", "model"})
"""Modules of values that others use as well: of what they define only that counts which another module of the rule names."""


@dataclass(frozen=True)
class Source:
    """One module and its text."""

    module: str
    path: Path
    """Below the root of the repository."""
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The text, parsed."""
        return ast.parse(self.text)

    @property
    def is_of_nouns(self) -> bool:
        """Whether only part of it is the rule's."""
        return self.module.rpartition(".")[2] in NOUNS


def modules_from(rule: str, root: Path) -> tuple[Source, ...]:
    """The module `rule` and every module of its package that it imports, directly or not, sorted by name."""
    package = rule.partition(".")[0]
    found: dict[str, Source] = {}
    waiting = [rule]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found[module] = source_of(module, root)
        waiting.extend(_imported_by(found[module].tree, package, root))
    return tuple(found[module] for module in sorted(found))


def source_of(module: str, root: Path) -> Source:
    """One module by its name. FileNotFoundError when there is none."""
    path = Path(*module.split(".")).with_suffix(".py")
    return Source(module, path, (root / path).read_text(encoding="utf-8"))


def _imported_by(tree: ast.Module, package: str, root: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    own = (name for name in names if name.startswith(f"{package}."))
    return [name for name in own if (root / Path(*name.split("."))).with_suffix(".py").is_file()]


def names_of_the_rule(sources: tuple[Source, ...]) -> frozenset[str]:
    """The names that the rule uses: in modules that are its own, and in functions of nouns that these use."""
    named: set[str] = set()
    for source in sources:
        if not source.is_of_nouns:
            named |= names_in(source.tree)
    defined = [
        node
        for source in sources
        if source.is_of_nouns
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
    ]
    reached: set[str] = set()
    while new := [node for node in defined if node.name in named and node.name not in reached]:
        for node in new:
            reached.add(node.name)
            named |= names_in(node)
    return frozenset(named)


def names_in(tree: ast.AST) -> set[str]:
    """Every name that is used in it, after a dot too."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
