"""The mutation check checks itself: over a small rule with a known hole it names the hole, and nothing else.

The small rule is written into a directory of its own and checked by the very command that checks ours.
"""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prove.mutants.changes import Name, mutants_of
from prove.mutants.found import Source, modules_from
from prove.mutants.listed import read_listed

pytestmark = pytest.mark.prove

ROOT = Path(__file__).parents[2]

VALUES = '''
"""What the small rule is made of."""

from dataclasses import dataclass
from enum import Enum

PATIENCE_S = 5
LIGHTS_MAX = 40


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Light:
    colour: Colour
    broken: bool = False
    rests: Colour = Colour.RED

    @property
    def stops(self) -> bool:
        return self.broken or self.colour is not Colour.GREEN
'''

RULE = '''
"""The small rule."""

from toy.values import PATIENCE_S, Light


def may_go(light: Light, waited_s: int) -> bool:
    """Green, or nobody came for long enough."""
    if waited_s > PATIENCE_S:
        return True
    return not light.stops


def how_many(lights: list[Light]) -> int:
    def counts(light: Light) -> bool:
        return light.stops

    return len([light for light in lights if counts(light)])
'''

TESTS = '''
"""Tests of the small rule."""

import pytest

from toy.rule import how_many, may_go
from toy.values import LIGHTS_MAX, Colour, Light


@pytest.mark.parametrize(
    ("colour", "waited_s", "goes"),
    [(Colour.GREEN, 0, True), (Colour.RED, 5, False), (Colour.RED, 6, True), (Colour.BLUE, 1, False)],
)
def test_green_goes_and_patience_ends(colour: Colour, waited_s: int, goes: bool) -> None:
    assert may_go(Light(colour=colour), waited_s) is goes


def test_a_broken_light_stops() -> None:
    assert not may_go(Light(colour=Colour.GREEN, broken=True), 0)


def test_lights_that_stop_are_counted() -> None:
    assert how_many([Light(colour=Colour.RED), Light(colour=Colour.GREEN)]) == 1


def test_a_street_has_forty_lights() -> None:
    assert LIGHTS_MAX == 40


def test_a_light_rests_at_red() -> None:
    assert Light(colour=Colour.GREEN).rests is Colour.RED
'''

HOLES = """

ONE = 10 % 3


def untested(light: Light) -> bool:
    if light.broken:
        return False
    return True


def unchecked(light: Light) -> bool:
    return not light.stops


def down(left: int) -> int:
    while left > 0:
        left -= 1
    return left
"""

TESTS_OF_HOLES = """

def test_unchecked_is_executed() -> None:
    from toy.rule import unchecked
    unchecked(Light(colour=Colour.RED))


def test_down() -> None:
    from toy.rule import ONE, down
    assert down(3) == 0
    assert ONE == 1
"""

ROTTEN = """
[[survivor]]
file = "toy/values.py"
place = ""
was = "PATIENCE_S = 5"
becomes = "PATIENCE_S = 6"
reason = "a test kills it"

[[survivor]]
file = "toy/values.py"
place = ""
was = "PATIENCE_S = 4"
becomes = "PATIENCE_S = 5"
reason = "there is none"
"""


@dataclass
class Toy:
    """A project with a small rule, its tests, and a list of survivors; and what the last check of it said."""

    root: Path
    status: int = -1
    said: str = ""
    complained: str = ""

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def check(self, *more: str) -> dict[str, Any]:
        """Run the check; returns its file."""
        arguments = ("--rule", "toy.rule", "--tests", "tests", "--all", "--test-longest-s", "0.4", *more)
        done = subprocess.run(
            [sys.executable, "-m", "prove.mutants", *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.status, self.said, self.complained = done.returncode, done.stdout, done.stderr
        result = self.root / "out/prove/mutants.json"
        return json.loads(result.read_text()) if result.exists() else {}


def toy_in(path: Path) -> Toy:
    toy = Toy(path)
    toy.write("toy/__init__.py", "")
    toy.write("toy/values.py", VALUES)
    toy.write("toy/rule.py", RULE)
    toy.write("tests/test_toy.py", TESTS)
    return toy


@pytest.fixture(scope="module")
def holed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toy, dict[str, Any]]:
    """A rule that its tests do not see everywhere, with a list of survivors that rots; checked once."""
    toy = toy_in(tmp_path_factory.mktemp("holed"))
    toy.write("toy/rule.py", RULE + HOLES)
    toy.write("tests/test_toy.py", TESTS + TESTS_OF_HOLES)
    toy.write("prove/survivors.toml", ROTTEN)
    return toy, toy.check()


Holed = tuple[Toy, dict[str, Any]]


def test_a_rule_whose_tests_see_everything_has_no_survivor(tmp_path: Path) -> None:
    """Guards, comparisons, constants of another module, defaults of fields, properties and members of enums, all killed.

    So is a constant that a test only looks at: it executes nothing of the rule.
    """
    toy = toy_in(tmp_path)
    result = toy.check()
    assert (toy.status, result["survivors"]) == (0, []), toy.said + toy.complained
    assert result["made"] == result["killed"] == result["existing"] > 12
    becomes = {kill["becomes"] for kill in result["kills"]}
    assert {
        "PATIENCE_S = 6",
        "PATIENCE_S = 0",
        "LIGHTS_MAX = 41",
        "broken: bool = True",
        "rests: Colour = Colour.GREEN",
        "return self.broken or self.colour is not Colour.BLUE",
        "if waited_s >= PATIENCE_S:",
        "return (light.stops)",
        "return len([light for light in lights if True])",
    } <= becomes


def test_a_test_of_a_file_named_after_the_module_has_its_turn_first(tmp_path: Path) -> None:
    """Slower ones too: they were written to notice, and the quickest of all tests hardly ever does."""
    toy = toy_in(tmp_path)
    toy.write(
        "tests/test_its_rule.py",
        TESTS.replace("def test_", "def test_slowly_").replace("    assert", "    sum(range(10**6))\n    assert"),
    )
    kills = [kill for kill in toy.check()["kills"] if kill["file"] == "toy/rule.py" and kill["place"]]
    assert kills
    assert {kill["test"].partition("::")[0] for kill in kills} == {"tests/test_its_rule.py"}


def test_a_guard_that_no_test_executes_is_a_survivor(holed: Holed) -> None:
    toy, _ = holed
    assert toy.status == 1
    assert "survived: toy/rule.py, untested\n  - if light.broken:\n  + if False:\n  no test executes it" in toy.said


def test_what_is_executed_and_not_checked_is_a_survivor(holed: Holed) -> None:
    toy, result = holed
    assert (
        "survived: toy/rule.py, unchecked\n  - return not light.stops\n  + return (light.stops)\n  1 tests exec" in toy.said
    )
    assert "1 calls of the rule are answered in another way" in toy.said
    assert {survivor["place"] for survivor in result["survivors"]} == {"untested", "unchecked"}, toy.said


def test_a_listed_survivor_that_is_killed_is_an_error(holed: Holed) -> None:
    toy, _ = holed
    assert "listed as survivor, and is killed by tests/test_toy.py::test_green" in toy.said


def test_a_listed_survivor_that_exists_no_more_is_an_error(holed: Holed) -> None:
    toy, _ = holed
    assert "listed as survivor, and is no mutant any more: toy/values.py" in toy.said


def test_a_mutant_that_does_not_import_is_no_kill(holed: Holed) -> None:
    toy, result = holed
    assert "does not import, so no test was asked: toy/rule.py, at its top\n  - ONE = 10 % 3" in toy.said
    assert "ZeroDivisionError" in toy.said
    assert [broken["becomes"] for broken in result["does_not_import"]] == ["ONE = 10 % 0"]
    assert result["made"] == result["killed"] + len(result["survivors"]) + 1


def test_a_mutant_that_never_ends_is_killed(holed: Holed) -> None:
    _, result = holed
    assert "never ends" in {kill["how"] for kill in result["kills"] if kill["place"] == "down"}


def test_survivors_that_are_listed_with_a_reason_are_excused_also_after_lines_have_moved(holed: Holed) -> None:
    toy, result = holed
    entries = (
        "\n".join(["[[survivor]]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items()), 'reason = "a hole"'])
        for entry in result["survivors"]
    )
    toy = toy_in(toy.root.with_name("moved"))
    toy.write("prove/survivors.toml", "\n".join(entries))
    toy.write("toy/rule.py", RULE.replace("def may_go", "\n# a line more\n\n\ndef may_go") + HOLES)
    toy.write("tests/test_toy.py", TESTS + TESTS_OF_HOLES)
    result = toy.check()
    assert (toy.status, result["survivors"]) == (0, []), toy.said
    assert result["listed"] > 0

    rest = toy.check("--skip", "listed")
    assert (toy.status, rest["listed"], rest["survivors"]) == (0, 0, [])
    assert "all without the listed ones" in toy.said
    alone = toy.check("--skip", "unlisted")
    assert (toy.status, alone["killed"], alone["listed"]) == (0, 0, result["listed"])
    assert rest["made"] + alone["made"] == result["made"]


def test_tests_that_fail_without_any_mutant_prove_nothing(tmp_path: Path) -> None:
    toy = toy_in(tmp_path)
    toy.write("tests/test_wrong.py", "def test_wrong() -> None:\n    assert False\n")
    toy.check()
    wrong = "mutants: without any mutant these fail: tests/test_wrong.py::test_wrong\n"
    assert (toy.status, toy.complained) == (2, wrong)


def test_an_entry_without_a_reason_and_one_that_stands_twice_are_named(tmp_path: Path) -> None:
    entry = '[[survivor]]\nfile = "a.py"\nplace = "f"\nwas = "x"\nbecomes = "y"\n'
    (tmp_path / "list.toml").write_text(f'{entry}reason = "because"\n{entry}\n[[survivor]]\nfile = "b.py"\n')
    with pytest.raises(ValueError, match=r"(?s)entry 2 has no reason: a.py.*entry 2 stands twice.*entry 3: .*missing"):
        read_listed(tmp_path / "list.toml")


# The list of mutants


def becomes_of(text: str) -> list[str]:
    source = Source("toy.rule", Path("toy/rule.py"), text)
    return [mutant.name.becomes for mutant in mutants_of([source])]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("def f(a, b):\n    return a < b\n", ["return a <= b", "return a >= b"]),
        ("def f(a, b):\n    return a in b\n", ["return a not in b"]),
        (
            "def f(a, b, c):\n    return a and (b or c)\n",
            ["return (b or c)", "return a and (c)", "return a and (b)", "return a"],
        ),
        ("def f(a):\n    return max(a)\n", ["return min(a)"]),
        ("def f(a):\n    return replace(a, b=c, d=e)\n", ["return replace(a, d=e)", "return replace(a, b=c)"]),
        (
            "def f(a):\n    if a:\n        g(a)\n        return\n    h(a)\n",
            ["if True:", "if False:", "pass", "pass", "pass"],
        ),
        ("A = (x, y)\n", ["A = (y,)", "A = (x,)"]),
        ("A = 3.5\n", ["A = 4.5", "A = 0.0"]),
        ("def f(a, *, b=True): ...\n", ["def f(a, *, b=False): ..."]),
        ("def f(a):\n    return tell(a, 'two-words')\n", ['return tell(a, "")']),
    ],
)
def test_what_can_be_made_wrong(text: str, becomes: list[str]) -> None:
    assert sorted(becomes_of(text)) == sorted(becomes)


@pytest.mark.parametrize(
    "text",
    [
        'def f(a):\n    """Less than 3."""\n    return g(why="is-wrong", reason=f"{a + 1}")\n',
        "def f(a: Literal[3]) -> Literal[4]: ...\n",
        "A: Final[3] = B\n",
        "class E(Enum):\n    A = 1\n    B = 2\n",
        'def f(a):\n    raise ValueError(3 if a else "no-way")\n',
        "def f(a):\n    return 'some words', 'more words: ' + str(3)\n",
    ],
)
def test_what_nobody_should_test_is_left_alone(text: str) -> None:
    assert becomes_of(text) == []


def test_a_mutant_has_the_same_name_after_lines_have_moved() -> None:
    text = "def f(a):\n    return a > 1\n"
    moved = f"import x\n\nY = x\n\n\ndef before():\n    return x\n\n\n{text}"
    assert becomes_of(text) == becomes_of(moved)


def test_equal_changes_of_equal_lines_are_counted() -> None:
    source = Source("toy.rule", Path("toy/rule.py"), "def f(a):\n    if a:\n        g()\n    if a:\n        g()\n")
    names = [mutant.name for mutant in mutants_of([source])]
    assert len(set(names)) == len(names)
    assert Name("toy/rule.py", "f", "if a:", "if True:", 2) in names


def test_every_module_that_the_rule_imports_is_changed_and_pure() -> None:
    """None can be forgotten: they are found by their imports. And none may do I/O, or a child could disturb the others."""
    modules = {source.module for source in modules_from("failover_lambda.rule", ROOT)}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    pure = next(set(contract["source_modules"]) for contract in contracts if "are pure" in contract["name"])
    assert {"failover_lambda.rule", "failover_lambda.moves", "failover_lambda.verdict", "failover_lambda.model"} <= modules
    assert modules <= pure


def test_the_codec_of_the_settings_is_not_the_rule() -> None:
    """Of modules of nouns only what the rule names is changed."""
    places = {mutant.name.place for mutant in mutants_of(modules_from("failover_lambda.rule", ROOT))}
    assert {"Settings.worker", "Answer.failing", "Power.off", "Intent"} <= places
    assert not {"to_plain", "from_plain", "Settings.from_environment"} & places
