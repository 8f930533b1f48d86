"""A stream of the test's own, with topics to deliver to."""

import pytest

from fraud_core.settings import Settings
from fraud_local.topics import make_topics


@pytest.fixture
def delivery_settings(stream_settings: Settings) -> Settings:
    """Settings whose two outgoing topics exist, with three partitions each."""
    make_topics(
        stream_settings.bootstrap_servers(),
        [stream_settings.kafka_topic_flagged, stream_settings.kafka_topic_dead_letter],
        3,
    )
    return stream_settings
