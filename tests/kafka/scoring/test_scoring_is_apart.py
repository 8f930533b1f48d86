"""Scoring knows nothing of the simulated marketplace, and touches nothing but what it is handed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fraud_stream.scoring

PACKAGE = Path(next(iter(fraud_stream.scoring.__path__)))
FILES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN = ("fraud_stream.producer", "fraud_stream.consumer", "fraud_local")
IMPURE = ("confluent_kafka", "psycopg2", "os", "time", "random", "socket", "subprocess", "pathlib")


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(PACKAGE).as_posix())
def test_module_imports_neither_the_generator_nor_anything_impure(file: Path) -> None:
    names = list(imported(file))
    assert not [n for n in names if n.startswith(FORBIDDEN)]
    assert not [n for n in names if n.split(".")[0] in IMPURE]


def test_no_module_asks_for_the_time() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert ".now(" not in text, file
        assert ".today(" not in text, file
