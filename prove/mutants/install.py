"""Puts a mutant into the running process: everything else stays the very objects that the tests have imported.

Not a second import: enums and dataclasses of a second import would be other ones than those that the tests compare with. A
function gets the changed code; a name of a module is assigned again, with the names that were made from it; a field of a
dataclass gets the changed default.
"""

import ast
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

from prove.mutants.changes import Mutant


class DoesNotImportError(Exception):
    """The changed module cannot be executed at all: no test was needed to notice, and none did."""


def install(mutant: Mutant, root: Path) -> None:
    """Make the mutant what runs in this process. Not to be undone: a child does it to itself.

    Raises:
        DoesNotImportError: the changed module cannot be executed.
    """
    module = sys.modules[mutant.source.module]
    changed = ModuleType(module.__name__)
    changed.__file__ = module.__file__
    text = mutant.text
    try:
        exec(compile(text, str(module.__file__), "exec", dont_inherit=True), changed.__dict__)  # noqa: S102
    except Exception as exc:
        raise DoesNotImportError(f"{type(exc).__name__}: {exc}") from exc
    place = mutant.edit.place
    if not place:
        _assign_again(module, ast.parse(text), mutant.edit.first_line, root)
        return
    ours, theirs = function_of(module, place), function_of(changed, place)
    if isinstance(ours, FunctionType) and isinstance(theirs, FunctionType):
        _take_over(ours, theirs)
    elif isinstance(ours, type) and isinstance(theirs, type):
        _take_over_fields(ours, theirs)
    else:
        raise TypeError(f"{place} of {module.__name__} is {ours!r}, which cannot be changed in place")


def function_of(module: ModuleType, place: str) -> object:
    """The class, or the function (of a property: what it calls), of this qualified name; of a nested one the outer."""
    at: object = module
    for name in place.split("."):
        if isinstance(at, FunctionType):
            break
        at = cast("dict[str, object]", vars(at))[name]
        if isinstance(at, property):
            at = at.fget
        elif isinstance(at, classmethod | staticmethod):
            at = cast("object", at.__func__)
    return at


def _take_over(ours: FunctionType, theirs: FunctionType) -> None:
    ours.__code__ = theirs.__code__
    ours.__defaults__ = tuple(map(_plain, ours.__defaults__ or (), theirs.__defaults__ or ())) or None
    old, new = ours.__kwdefaults__ or {}, theirs.__kwdefaults__ or {}
    ours.__kwdefaults__ = {name: _plain(old[name], new[name]) for name in old}


def _plain(old: Any, new: Any) -> Any:
    """The new one where it is a plain value; of an enum the member that tests know, by the name of the changed module's."""
    if isinstance(new, Enum) and isinstance(old, Enum):
        return type(old)[new.name]
    return new if isinstance(new, bool | int | float | str) else old


def _take_over_fields(ours: type[Any], theirs: type[Any]) -> None:
    made, changed = cast("FunctionType", ours.__init__), cast("FunctionType", theirs.__init__)
    _take_over(made, changed)
    for name in made.__kwdefaults__ or {}:
        if name in vars(ours):
            setattr(ours, name, _plain(vars(ours)[name], vars(theirs)[name]))


def _assign_again(module: ModuleType, tree: ast.Module, line: int, root: Path) -> None:
    """Execute the changed statement in the module, and every later one that uses a name it gave; hand the values on."""
    before: dict[str, Any] = {}
    for statement in tree.body:
        is_the_one = statement.lineno <= line <= (statement.end_lineno or statement.lineno)
        if is_the_one or (isinstance(statement, ast.Assign | ast.AnnAssign) and _loaded(statement) & before.keys()):
            before |= {name: vars(module).get(name) for name in _stored(statement)}
            code = compile(ast.Module([statement], type_ignores=[]), str(module.__file__), "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102
    for other in modules_below(root):
        for name, old in before.items():
            if other is not module and name in vars(other) and vars(other)[name] is old:
                setattr(other, name, vars(module)[name])


def _loaded(statement: ast.stmt) -> set[str]:
    return {at.id for at in ast.walk(statement) if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Load)}


def _stored(statement: ast.stmt) -> set[str]:
    return {at.id for at in ast.walk(statement) if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store)}


def modules_below(root: Path) -> Iterator[ModuleType]:
    """Every module that was loaded from a file of this repository."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(root) and "site-packages" not in file:
            yield module
