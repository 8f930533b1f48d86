"""The plugin that readies dbt: in the scheduler, once, and nowhere else."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from fraud_core.settings import REPOSITORY


@pytest.fixture
def plugin() -> ModuleType:
    file = REPOSITORY / "airflow" / "plugins" / "warm_scheduler.py"
    spec = importlib.util.spec_from_file_location("warm_scheduler_under_test", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def imported(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that the plugin asks for; none is really imported, and no project is read."""
    asked: list[str] = []
    monkeypatch.setattr(plugin.importlib, "import_module", asked.append)
    monkeypatch.setattr(plugin, "_make_pools", lambda: asked.append("the pools"))
    monkeypatch.setattr(plugin, "_read_dbt_project", lambda: asked.append("the project"))
    monkeypatch.delitem(sys.modules, "dbt.cli.main", raising=False)
    return asked


def load(plugin: Any, monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
    monkeypatch.setattr(sys, "argv", ["airflow", *command])
    plugin.WarmSchedulerPlugin.on_load()


def test_the_scheduler_imports_dbt_makes_the_pools_and_reads_the_project(
    plugin: ModuleType, imported: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(plugin, monkeypatch, "scheduler", "--skip-serve-logs")

    assert "dbt.cli.main" in imported
    assert imported[-2:] == ["the pools", "the project"]


@pytest.mark.parametrize("component", ["dag-processor", "api-server", "triggerer"])
def test_other_components_stay_small(
    plugin: ModuleType, imported: list[str], monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    load(plugin, monkeypatch, component)

    assert imported == []


def test_a_task_that_was_forked_from_the_scheduler_does_it_not_again(
    plugin: ModuleType, imported: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dbt.cli.main", ModuleType("inherited"))

    load(plugin, monkeypatch, "scheduler")

    assert imported == []
