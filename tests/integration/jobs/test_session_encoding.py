"""Text goes to Postgres as it is, whatever encoding the environment or the role asks for."""

from collections.abc import Callable
from contextlib import closing

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings

pytestmark = pytest.mark.integration


def test_a_session_is_in_utf8_whatever_the_environment_and_the_role_say(
    new_database: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_database()
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with (
        closing(connect(settings, Role.OWNER, application="tests")) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute(
            f"alter role {settings.consumer_user} in database {settings.postgres_db} "
            "set client_encoding = 'LATIN1'"
        )
    with (
        closing(connect(settings, Role.CONSUMER, application="tests")) as consumer,
        consumer.cursor() as cursor,
    ):
        assert consumer.encoding == "UTF8"
        cursor.execute("show client_encoding")
        assert cursor.fetchone() == ("UTF8",)
