"""A layer of the dbt project as a task group: one build, and one box a model."""

import re
from pathlib import Path

from airflow.sdk import BaseOperator, TaskGroup, TriggerRule

from fraud_core.settings import Settings
from pipeline_blocks.model_box import build_command, model_box
from pipeline_blocks.steps import step

_REF = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")


def layer_models(project: Path, layer: str) -> dict[str, set[str]]:
    """Each model of a layer, by name, and the models of the same layer that it reads.

    Read from the files, without dbt, because Airflow does it at each parse of the DAG.
    """
    files = {file.stem: file for file in sorted((project / "dbt/models" / layer).rglob("*.sql"))}
    return {
        name: set(_REF.findall(file.read_text())) & (files.keys() - {name})
        for name, file in files.items()
    }


class DbtLayer:
    """The task group of a layer; `first` starts it, and all of `boxes` together are its end.

    A box runs when its build ran and the boxes it depends on are done, whatever their colour: a
    skip by dbt is then a skipped box, not one that failed for its upstream. Whoever comes after
    must wait for every box, not only the last ones: a red box may have skipped boxes behind it.
    """

    def __init__(self, settings: Settings, layer: str) -> None:
        with TaskGroup(group_id=f"dbt_{layer}", tooltip=f"dbt models of schema {layer}"):
            self.first: BaseOperator = step(
                settings,
                "build",
                build_command([f"path:models/{layer}"]),
                doc_md=f"Builds and tests every model of `dbt/models/{layer}` in one go. Red only "
                "when dbt could not get as far as building; a failed model is its own box.",
                trigger_rule=TriggerRule.NONE_FAILED,
            )
            lineage = layer_models(settings.fraud_project, layer)
            boxes = {
                model: model_box(
                    settings,
                    model,
                    build_task_id=self.first.task_id,
                    doc_md=f"Shows how the build of `{model}` and its tests went. Cleared, it "
                    "builds and tests that model alone.",
                    trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
                )
                for model in lineage
            }
            for model, reads in lineage.items():
                boxes[model].set_upstream([self.first, *(boxes[name] for name in sorted(reads))])
        self.boxes = list(boxes.values())
