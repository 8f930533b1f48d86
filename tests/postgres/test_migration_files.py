"""The numbered migrations form one chain, each with its SQL beside it."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from fraud_core.settings import REPOSITORY

MIGRATIONS = REPOSITORY / "postgres" / "migrations"


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    return [script.revision for script in scripts.walk_revisions()][::-1]


def test_revisions_are_numbered_one_after_the_other() -> None:
    found = revisions()
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]


def test_each_revision_has_the_one_sql_file_of_its_name() -> None:
    names = sorted(file.stem for file in (MIGRATIONS / "sql").glob("*.sql"))
    assert names == sorted(file.stem for file in (MIGRATIONS / "versions").glob("*.py"))
    assert [name[:4] for name in names] == revisions()
