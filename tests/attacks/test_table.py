"""docs/security.md lists every attack with the tests that prove it fails: the table and the tests name the same."""

import ast
import re

import pytest

from tests.server import ROOT

COUNT = 58
ROW = re.compile(r"^\| A(\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {int(number): proof for number, _, proof in ROW.findall((ROOT / "docs/security.md").read_text())}
PYTHON = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")
PAGE = re.compile(r"`(\w+\.test\.tsx?)` “([^”]+)”")


def functions(file: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def marked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    """The numbers of `@pytest.mark.attack(…)`."""
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and ast.unparse(d.func) == "pytest.mark.attack"]
    return {ast.literal_eval(argument) for call in calls for argument in call.args}


def test_every_case_has_its_row() -> None:
    assert sorted(ROWS) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_what_a_row_names_exists_and_is_run(number: int) -> None:
    python, page = PYTHON.findall(ROWS[number]), PAGE.findall(ROWS[number])
    assert python or page
    for file, name in python:
        node = functions(file).get(name)
        assert node is not None, f"{file} has no {name}"
        if "test_attacks.py" in file or file.startswith("attacks/"):
            assert number in marked(node), f"{name} is not marked with attack({number})"
    for file, title in page:
        text = (ROOT / "frontend/src/lib/markdown" / file).read_text()
        assert re.search(rf"""it(?:\.each\(\w+\))?\("(?:%s )?{re.escape(title)}\"""", text), f"{file} has no “{title}”"


@pytest.mark.parametrize(
    "file",
    ["browser/test_attacks.py", *(f"attacks/{f.name}" for f in sorted((ROOT / "tests/attacks").glob("test_*.py")))],
)
def test_what_is_marked_stands_in_its_row(file: str) -> None:
    for name, node in functions(file).items():
        for number in marked(node):
            assert f"`{file}::{name}`" in ROWS.get(number, ""), f"row A{number} does not name {name}"
