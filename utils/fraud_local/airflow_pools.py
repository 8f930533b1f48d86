"""The pools that DAGs take their slots from, so that jobs do not overrun a small machine.

A run of the pipeline always gets through: whatever else there is to do is done one at a time.
"""

PIPELINE_POOL = "pipeline"
BACKGROUND_POOL = "background"

POOLS = {
    PIPELINE_POOL: (4, "The way from landed orders to marts."),
    BACKGROUND_POOL: (1, "All other jobs, one at a time."),
}
"""Slots and description by name."""


def make_missing_pools() -> None:
    """Add the pools that Airflow's database lacks; one that is there keeps its operator's size."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        for name, (slots, description) in POOLS.items():
            if Pool.get_pool(name, session=session) is None:
                session.add(
                    Pool(pool=name, slots=slots, description=description, include_deferred=False)
                )
