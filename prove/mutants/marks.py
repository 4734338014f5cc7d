"""Makes the rule say what it executes and what it is asked: each function gets a code that does so.

Not a trace function: the tests would take five times as long under one. To be undone by nobody: a child does it to itself.
"""

import ast
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from prove.mutants.found import Source
from prove.mutants.install import function_of

Mark = int
"""A line of a module: see `mark_of`."""

Asked = Callable[[str, str, FunctionType, tuple[Any, ...], Mapping[str, Any]], Any]
"""What a function does that may be called from outside: module, qualified name, the function itself, and its arguments."""

_MARKS = "__executed__"
_ASKED = "__asked__"
_LINES = 1 << 16


def mark_of(number: int, line: int) -> Mark:
    """The mark of a line of the module with this number among the sources."""
    return number * _LINES + line


def put_marks(
    sources: Sequence[Source], executed: set[Mark], asked: Asked, outside: Collection[str], pure: Collection[str]
) -> None:
    """Put marks into the modules of this process.

    Args:
        sources: the modules.
        executed: where the mark of each statement goes that is executed.
        asked: called instead of a function whose name is among `outside`.
        outside: names that are used outside of the pure modules.
        pure: names of the modules whose functions are recorded by what they are given and return.
    """
    for number, source in enumerate(sources):
        module = sys.modules[source.module]
        vars(module)[_MARKS] = executed
        tree = ast.parse(source.text)
        functions = dict(_functions(tree.body, ""))
        for node in functions.values():
            _mark_below(node, number)
        ast.fix_missing_locations(tree)
        marked = type(module)(module.__name__)
        exec(compile(tree, str(module.__file__), "exec", dont_inherit=True), marked.__dict__)  # noqa: S102
        for name in functions:
            ours, theirs = function_of(module, name), function_of(marked, name)
            if isinstance(ours, FunctionType) and isinstance(theirs, FunctionType):
                ours.__code__ = theirs.__code__
                if source.module in pure and ours.__name__ in outside:
                    _put_before(ours, source.module, asked)


def _functions(body: Sequence[ast.stmt], before: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """By their names; those inside of a function belong to it."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield f"{before}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{before}{node.name}.")


def _mark_below(node: ast.AST, number: int) -> None:
    """In each block of statements, a mark before each statement. A `case` and an `else` are blocks too."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            marked: list[ast.stmt] = []
            for statement in block:
                marked += [_mark(mark_of(number, statement.lineno)), statement]
                _mark_below(statement, number)
            setattr(node, name, marked)
    for name in ("cases", "handlers"):
        for block in getattr(node, name, ()):
            _mark_below(block, number)


def _mark(mark: Mark) -> ast.Expr:
    add = ast.Attribute(value=ast.Name(id=_MARKS, ctx=ast.Load()), attr="add", ctx=ast.Load())
    return ast.Expr(value=ast.Call(func=add, args=[ast.Constant(value=mark)], keywords=[]))


def _put_before(function: FunctionType, module: str, asked: Asked) -> None:
    """Whoever calls the function calls `asked` with it; the object stays, so that everybody who imported it does."""
    itself = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    itself.__kwdefaults__ = function.__kwdefaults__
    name = function.__qualname__

    def instead(*arguments: Any, **named: Any) -> Any:
        return asked(module, name, itself, arguments, named)

    key = f"{_ASKED}{name}"
    function.__globals__[key] = instead
    text = f"def f(*arguments, **named):\n    return globals()[{key!r}](*arguments, **named)\n"
    outer = compile(text, f"<instead of {name}>", "exec")
    function.__code__ = next(each for each in outer.co_consts if isinstance(each, CodeType))
    function.__defaults__ = None
    function.__kwdefaults__ = None  # pyright: ignore[reportAttributeAccessIssue] - None means that there are none
