"""No name of a resource is written down with the partition of one world: `arn:aws:` is wrong in GovCloud and in China."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.stand import ROOT

LITERAL = "arn:aws"
SOURCES = sorted(path for folder in ("infra", "failover_lambda") for path in (ROOT / folder).rglob("*.py"))


def breaches(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string with a partition in it. Docstrings and comments may name one."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
            and LITERAL in node.value
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(Path(path).relative_to(ROOT)))
def test_no_source_names_a_partition(path: Path) -> None:
    assert list(breaches(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "planted",
    [
        'policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"',
        'policy = f"arn:aws:dynamodb:{region}:{account}:table/{name}"',
        'def f(arn: str = "arn:aws-us-gov:s3:::bucket") -> None: ...',
        'parts = ["arn:aws" + ":s3:::bucket"]',
    ],
)
def test_a_planted_partition_is_found(planted: str) -> None:
    assert [line for line, _ in breaches(f'"""Says arn:aws: in prose."""\n{planted}\n')] == [2]
