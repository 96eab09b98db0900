"""The fault matrix is whole, and every test it names exists."""

import ast
from functools import cache
from pathlib import Path

import pytest

from scripts.reference.fault_matrix import Row, rows

TESTS = Path(__file__).parent.parent
ROWS = 77


@cache
def names(file: Path) -> frozenset[str]:
    """List the functions of a file, those of classes too."""
    return frozenset(node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef))


def test_no_row_is_missing() -> None:
    assert [row.number for row in rows()] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"row {row.number}")
def test_a_row_is_held_by_tests_that_exist_or_says_why_not(row: Row) -> None:
    assert row.tests or row.because
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in names(TESTS / file), test
