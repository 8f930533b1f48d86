"""An older version of the code on a database that a newer one has migrated."""

from contextlib import closing
from uuid import uuid4

import pytest
from psycopg2 import sql

from fraud_core.database import connect
from fraud_core.errors import DatabaseError
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings

pytestmark = pytest.mark.integration


def test_it_changes_nothing_and_says_the_ways_out(settings: Settings) -> None:
    own = settings.model_copy(update={"postgres_db": f"further_{uuid4().hex}"})
    named = sql.Identifier(own.postgres_db)
    with closing(connect(settings, Role.OWNER, application="tests")) as owner:
        owner.autocommit = True
        owner.cursor().execute(sql.SQL("create database {}").format(named))
        migrate(own)
        with closing(connect(own, Role.OWNER, application="tests")) as newer, newer:
            newer.cursor().execute("update migrations.alembic_version set version_num = '9999'")

        with pytest.raises(DatabaseError, match=r"newer version.*9999.*restore a backup"):
            migrate(own)

        owner.cursor().execute(sql.SQL("drop database {}").format(named))
