"""Names in settings that Kafka or Postgres would refuse later, without a word of the variable."""

import re
from typing import Annotated

from pydantic import AfterValidator

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


def _topic(value: str) -> str:
    if not _TOPIC.fullmatch(value) or value in {".", ".."}:
        raise ValueError(
            "a topic's name is 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_', '-'"
        )
    return value


def _role(value: str) -> str:
    if value.startswith("pg_") or value in {"public", "none"}:
        raise ValueError("Postgres keeps public, none and names that begin with pg_ for itself")
    return value


TopicName = Annotated[str, AfterValidator(_topic)]
"""A topic that Kafka makes under this name."""

RoleName = Annotated[str, AfterValidator(_role)]
"""A role that Postgres makes under this name."""
