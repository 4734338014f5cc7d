"""What can be made wrong in one place: every edit of a module's text, found by a walk over its tree.

An edit replaces one piece of the text, so that what is shown to people is what was run. Left alone is what no test should
have an opinion on: annotations, docstrings, texts for people (f-strings, `why`, `reason`), the members of an enum, `raise`.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

COMPARISONS: Mapping[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
"""Each comparison, and what it becomes: first the neighbouring boundary, then its opposite."""

SWAPPED_CALLS: Mapping[str, str] = {"min": "max", "max": "min", "any": "all", "all": "any"}
SWAPPED_ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
}
TEXTS = frozenset({"why", "reason", "because", "refusal", "said"})
"""Names under which the rule keeps sentences for people."""

_WORD = re.compile(r"[a-z]+(-[a-z]+)*")
"""A string that is a name, as those of notices are; sentences have blanks."""

_TYPE = re.compile(r"_?[A-Z][a-z]\w*")
"""A name of a type, which stands for annotations."""


@dataclass(frozen=True)
class Edit:
    """Replace the bytes from `start` to `end` by `text`."""

    start: int
    end: int
    text: str
    first_line: int
    """The first line of the statement that is changed."""
    last_line: int
    """The last line that is changed."""
    place: str
    """Qualified name of the function around it, else of the class; "" outside of both."""


@dataclass(frozen=True)
class Known:
    """What a module cannot tell by itself: what the names mean that it takes from others of the package."""

    enums: Mapping[str, tuple[str, ...]]
    """Each enum's members in order."""
    optional: Mapping[str, frozenset[str]]
    """Each class's and function's keywords that may be left out."""


def known_from(trees: list[ast.Module]) -> Known:
    """Enums, optional fields and optional arguments of all these modules."""
    enums: dict[str, tuple[str, ...]] = {}
    optional: dict[str, frozenset[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and _is_enum(node):
                enums[node.name] = tuple(
                    target.id
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    for target in statement.targets
                    if isinstance(target, ast.Name)
                )
            elif isinstance(node, ast.ClassDef):
                optional[node.name] = frozenset(
                    statement.target.id
                    for statement in node.body
                    if isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name)
                )
            elif isinstance(node, ast.FunctionDef):
                pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                optional[node.name] = frozenset(arg.arg for arg, default in pairs if default is not None)
    return Known(enums, optional)


def _is_enum(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Enum" for base in node.bases)


def edits_of(text: str, known: Known, counts: Callable[[str], bool]) -> Iterator[Edit]:
    """Every edit of a module's text in functions, constants and fields whose name `counts`."""
    walk = _Walk(text, known, counts)
    walk.visit(ast.parse(text))
    yield from walk.found


class _Walk(ast.NodeVisitor):
    """Visits in the order of the text; keeps the function, the statement and the block that it is in."""

    def __init__(self, text: str, known: Known, counts: Callable[[str], bool]) -> None:
        self.found: list[Edit] = []
        self._bytes = text.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._known = known
        self._counts = counts
        self._names: list[str] = []
        self._function = ""
        self._statement: ast.stmt | None = None

    # Where things are in the text

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt | ast.pattern | ast.keyword) -> tuple[int, int]:
        assert node.end_lineno is not None  # noqa: S101 - the parser fills it in
        assert node.end_col_offset is not None  # noqa: S101 - same
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.expr | ast.pattern | ast.keyword) -> str:
        start, end = self._span(node)
        return self._bytes[start:end].decode()

    def _add(self, start: int, end: int, text: str) -> None:
        assert self._statement is not None  # noqa: S101 - expressions are in statements
        last = self._bytes.count(b"\n", 0, end) + 1
        place = self._function or ".".join(self._names)
        self.found.append(Edit(start, end, text, self._statement.lineno, last, place))

    def _replace(self, node: ast.expr | ast.stmt | ast.pattern, text: str) -> None:
        start, end = self._span(node)
        self._add(start, end, text)

    def _leave_out(self, node: ast.expr | ast.keyword) -> None:
        """Without an element of a list, and without the comma after it, or before it where it is the last one."""
        start, end = self._span(node)
        after = re.match(rb"\s*,[ \t]*", self._bytes[end:])
        if after:
            end += after.end()
        else:
            start -= len(self._bytes[:start]) - len(self._bytes[:start].rstrip().rstrip(b","))
        self._add(start, end, "")

    # What is not looked into

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if _is_enum(node):
            for statement in node.body:
                if isinstance(statement, ast.FunctionDef):
                    self._inside(node.name, [statement])
            return
        self._inside(node.name, node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if not self._counts(node.name):
            return
        outer = self._function
        self._function = ".".join([*self._names, node.name])
        self._statement = node
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._inside(node.name, node.body)
        self._function = outer

    def _inside(self, name: str, body: list[ast.stmt]) -> None:
        self._names.append(name)
        self._block(body, nested=False)
        self._names.pop()

    def visit_Import(self, node: ast.Import) -> None:
        pass

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        pass

    def visit_Raise(self, node: ast.Raise) -> None:
        pass

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._visit_value(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in TEXTS:
            self.visit(node.value)

    # Statements

    def visit(self, node: ast.AST) -> None:
        outer = self._statement
        if isinstance(node, ast.stmt):
            self._statement = node
        super().visit(node)
        self._statement = outer

    def visit_Module(self, node: ast.Module) -> None:
        self._block(node.body, nested=False)

    def _block(self, body: list[ast.stmt], *, nested: bool = True) -> None:
        for statement in body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if not self._function and not self._defines_what_counts(statement):
                continue
            if self._function and _can_be_left_out(statement, early=nested and len(body) > 1):
                self._statement = statement
                self._replace(statement, "pass")
            self.visit(statement)

    def _defines_what_counts(self, statement: ast.stmt) -> bool:
        """Outside of functions: whether one of the names that it gives counts. Classes and functions are asked later."""
        names = {at.id for at in ast.walk(statement) if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store)}
        if any(_TYPE.fullmatch(name) for name in names):
            return False
        return isinstance(statement, ast.ClassDef | ast.FunctionDef) or any(map(self._counts, names))

    def visit_If(self, node: ast.If) -> None:
        self._guard(node.test)
        self._block(node.body)
        self._block(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self._guard(node.test)
        self._block(node.body)

    def visit_For(self, node: ast.For) -> None:
        self._elements_of(node.iter)
        self.visit(node.iter)
        self._block(node.body)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            self.visit(case.pattern)
            if case.guard:
                self._guard(case.guard)
            self._block(case.body)

    def visit_MatchOr(self, node: ast.MatchOr) -> None:
        for left_out in node.patterns:
            self._replace(node, " | ".join(self._text(each) for each in node.patterns if each is not left_out))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id in TEXTS for target in node.targets):
            return
        self._visit_value(node.value)

    def _visit_value(self, value: ast.expr) -> None:
        if not self._function:
            self._elements_of(value)
        self.visit(value)

    # Expressions

    def _guard(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Constant):
            self._replace(test, "True")
            self._replace(test, "False")
        self.visit(test)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.body)
        self._guard(node.test)
        self.visit(node.orelse)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._elements_of(node.iter)
        self.visit(node.iter)
        for test in node.ifs:
            self._guard(test)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        word = " and " if isinstance(node.op, ast.And) else " or "
        for left_out in node.values:
            rest = [self._in_brackets(each) for each in node.values if each is not left_out]
            self._replace(node, word.join(rest))
        self.generic_visit(node)

    def _in_brackets(self, node: ast.expr) -> str:
        text = self._text(node)
        return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr) else text

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not) or (isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant)):
            self._replace(node, f"({self._text(node.operand)})")
        self.visit(node.operand)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            sign, instead = COMPARISONS[type(operator)]
            start, end = self._span(left)[1], self._span(right)[0]
            between = self._bytes[start:end].decode()
            for other in instead:
                self._add(start, end, between.replace(sign, other, 1))
            if isinstance(operator, ast.In | ast.NotIn):
                self._elements_of(right)
            left = right
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if _is_text(node.left) or _is_text(node.right):
            return
        if isinstance(node.op, ast.BitOr):
            self._replace(node, self._text(node.left))
            self._replace(node, self._text(node.right))
        elif type(node.op) in SWAPPED_ARITHMETIC:
            sign, other = SWAPPED_ARITHMETIC[type(node.op)]
            start, end = self._span(node.left)[1], self._span(node.right)[0]
            self._add(start, end, self._bytes[start:end].decode().replace(sign, other, 1))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._replace(node, str(not node.value))
            case int() | float():
                self._replace(node, repr(node.value + 1))
                if node.value:
                    self._replace(node, repr(type(node.value)(0)))
            case str() if _WORD.fullmatch(node.value):
                self._replace(node, '""')
            case _:
                pass

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in self._known.enums:
            members = self._known.enums[node.value.id]
            if node.attr in members:
                neighbour = members[(members.index(node.attr) + 1) % len(members)]
                self._replace(node, f"{node.value.id}.{neighbour}")
            return
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if isinstance(node.func, ast.Name) and name in SWAPPED_CALLS:
            self._replace(node.func, SWAPPED_CALLS[name])
        may_lack = self._known.optional.get(name, frozenset[str]())
        for keyword in node.keywords:
            if keyword.arg and keyword.arg not in TEXTS and (name == "replace" or keyword.arg in may_lack):
                self._leave_out(keyword)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        for element in node.elts:
            if len(node.elts) > 1:
                self._leave_out(element)
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if any(isinstance(element, ast.Starred) for element in node.elts):
            self._elements_of(node)
        self.generic_visit(node)

    def _elements_of(self, node: ast.expr) -> None:
        """One element fewer of a tuple that may have any length: gone through, looked into, or kept under a name."""
        if isinstance(node, ast.Tuple | ast.List) and not isinstance(node.ctx, ast.Store):
            for element in node.elts:
                if len(node.elts) > 1:
                    self._replace(node, _tuple_of([self._text(each) for each in node.elts if each is not element]))


def _tuple_of(elements: list[str]) -> str:
    return f"({', '.join(elements)}{',' if len(elements) == 1 else ''})"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _can_be_left_out(statement: ast.stmt, *, early: bool) -> bool:
    """An early return after something else, a change of a value that exists, a call for its effect."""
    match statement:
        case ast.Return() | ast.Continue() | ast.Break():
            return early
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name not in TEXTS and any(isinstance(at, ast.Name) and at.id == name for at in ast.walk(value))
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name != "assert_never"
        case _:
            return isinstance(statement, ast.AugAssign | ast.Expr)
