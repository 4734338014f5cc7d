"""The programs of the two clouds are twins: the same files, classes, arguments and outputs.

What one has and the other has not is named, in backticks, where the reason stands: in the docstring of the file on Azure, or
of the package where a whole file has no counterpart. So a difference that nobody decided is noticed, and so is a reason for
something that is not different any more.
"""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AWS, AZURE = ROOT / "infra" / "aws", ROOT / "infra" / "azure"


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.py")} - {"__init__.py"}


SHARED = sorted(files(AWS) & files(AZURE))


def said(file: Path) -> set[str]:
    """What a file's own words name, those of its classes included."""
    tree = parsed(file)
    texts = [ast.get_docstring(node) or "" for node in (tree, *classes(tree).values())]
    return set(re.findall(r"`([\w.]+)`", " ".join(texts)))


def classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def public(tree: ast.Module) -> set[str]:
    """Classes that others may use. Constants and functions are what a cloud is spoken to with, so they differ."""
    return {name for name in classes(tree) if not name.startswith("_")}


def fields(node: ast.ClassDef) -> set[str]:
    """Arguments of a TypedDict or dataclass, outputs of a component."""
    return {each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)}


COMMON = {"site", "region", "tags", "group"}
"""Every layer on Azure is told these, by one class; on AWS each says those that it needs."""


def differences(name: str) -> set[str]:
    """What one of two files has and the other has not, of what others use."""
    aws, azure = parsed(AWS / name), parsed(AZURE / name)
    differing = public(aws) ^ public(azure)
    for called in classes(aws).keys() & classes(azure).keys():
        differing |= (fields(classes(aws)[called]) ^ fields(classes(azure)[called])) - COMMON
    return differing


@pytest.mark.parametrize("name", SHARED)
def test_what_differs_in_a_file_is_named_there(name: str) -> None:
    assert differences(name) - said(AZURE / name) == set()


def test_a_file_without_a_counterpart_is_named_where_the_package_begins() -> None:
    assert (files(AWS) ^ files(AZURE)) - said(AZURE / "__init__.py") == set()


@pytest.mark.parametrize("name", SHARED)
def test_no_reason_is_left_over_for_what_does_not_differ_any_more(name: str) -> None:
    """A name that stands in one class of both files with the same name is no difference of that class."""
    claims = re.findall(
        r"[iI]n\s+`(\w+)`\s+((?:`\w+`[^`;.]*?)+)(?=[;.]|\bin\b|$)", ast.get_docstring(parsed(AZURE / name)) or ""
    )
    aws, azure = classes(parsed(AWS / name)), classes(parsed(AZURE / name))
    for called, names in claims:
        if called in aws and called in azure:
            both = fields(aws[called]) & fields(azure[called])
            assert not both & set(re.findall(r"`(\w+)`", names)), called


def outputs(folder: Path) -> set[str]:
    pair = classes(parsed(folder / "pair.py"))["Pair"]
    (method,) = (node for node in pair.body if isinstance(node, ast.FunctionDef) and node.name == "outputs")
    (returned,) = (node.value for node in ast.walk(method) if isinstance(node, ast.Return))
    assert isinstance(returned, ast.Dict)
    return {str(key.value) for key in returned.keys if isinstance(key, ast.Constant)}


def test_both_pairs_have_the_same_outputs() -> None:
    assert outputs(AWS) == outputs(AZURE)
    assert fields(classes(parsed(AWS / "pair.py"))["Pair"]) == fields(classes(parsed(AZURE / "pair.py"))["Pair"])


def test_components_of_both_are_called_alike() -> None:
    """`tandem:aws:Network` and `tandem:azure:Network`."""
    for cloud, folder in (("aws", AWS), ("azure", AZURE)):
        for file in folder.glob("*.py"):
            for token in re.findall(r'"tandem:(\w+):\w+"', file.read_text(encoding="utf-8")):
                assert token in {cloud, "index"}, file.name
