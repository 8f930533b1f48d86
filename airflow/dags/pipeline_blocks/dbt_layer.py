"""A layer of the dbt project as a task group: one build, and one box a model."""

import re
from pathlib import Path

from airflow.sdk import Asset, BaseOperator, TaskGroup, TriggerRule

from fraud_core.settings import Settings
from pipeline_blocks.assets import landed_asset, model_asset
from pipeline_blocks.followers import WithFollowers
from pipeline_blocks.model_box import build_command, model_box
from pipeline_blocks.steps import step

LAYERS = ("raw", "staging", "marts")

_REF = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")
_SOURCE = re.compile(r"""\bsource\(\s*['"]\w+['"]\s*,\s*['"](\w+)['"]\s*\)""")


def layer_models(project: Path, layer: str) -> dict[str, str]:
    """The text of each model of a layer, by name.

    Read from the files, without dbt, because Airflow does it at each parse of the DAG.
    """
    files = sorted((project / "dbt/models" / layer).rglob("*.sql"))
    return {file.stem: file.read_text() for file in files}


class DbtLayer:
    """The task group of a layer; `first` starts it, and it ends when all of `tasks` are done.

    A box runs when the build and the boxes it depends on are done, whatever their colour: a skip by
    dbt is then a skipped box, not one that failed for its upstream, and a model that was asked for
    shows its result beside skipped ones that were not. (ALL_DONE_MIN_ONE_SUCCESS, in spite of its
    name, skips a task as soon as one before it is skipped.) Whoever comes after must wait for every
    box, not only the last ones, because a red box may have skipped boxes behind it; and for the
    build, because without one all boxes are skipped.
    """

    def __init__(self, settings: Settings, layer: str) -> None:
        models = layer_models(settings.fraud_project, layer)
        with TaskGroup(group_id=f"dbt_{layer}", tooltip=f"dbt models of schema {layer}"):
            self.first: BaseOperator = step(
                settings,
                "build",
                [
                    *build_command([f"path:models/{layer}"]),
                    "--only={{ params.models | join(',') }}",
                ],
                kind=WithFollowers,
                doc_md=f"Builds and tests every model of `dbt/models/{layer}` in one go. Red only "
                "when dbt could not get as far as building; a failed model is its own box.",
                trigger_rule=TriggerRule.NONE_FAILED,
            )
            boxes = {
                model: model_box(
                    settings,
                    model,
                    build_task_id=self.first.task_id,
                    doc_md=f"Shows how the build of `{model}` and its tests went. Cleared, it "
                    "builds and tests that model, and what hangs on it follows.",
                    trigger_rule=TriggerRule.ALL_DONE,
                    inlets=_reads(text),
                    outlets=[model_asset(model)],
                )
                for model, text in models.items()
            }
            for model, text in models.items():
                reads = sorted((set(_REF.findall(text)) & boxes.keys()) - {model})
                boxes[model].set_upstream([self.first, *(boxes[name] for name in reads)])
        self.boxes = list(boxes.values())
        self.tasks = [self.first, *self.boxes]


def _reads(text: str) -> list[Asset]:
    """The tables that a model is made of, by what its text refers to."""
    landed = [landed_asset(name) for name in sorted(set(_SOURCE.findall(text)))]
    return landed + [model_asset(name) for name in sorted(set(_REF.findall(text)))]
