"""What the consumer counts, under the names that monitors know: one place for all of them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

LATENCIES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
"""Upper bounds in seconds: from a quiet stream's milliseconds to an outage."""

BATCHES = (1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 100_000)


class StreamMetrics:
    """The counters of one consumer process, since it started.

    `consumed` is the sum of orders, labels, duplicates and dead letters: all count what was
    committed, so they agree with what the process wrote into schema raw.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        registry = self.registry
        self.consumed = Counter(
            "fraud_messages_consumed", "Messages accounted for in Postgres.", registry=registry
        )
        self.orders = Counter(
            "fraud_orders_landed", "Orders landed, by outcome.", ["outcome"], registry=registry
        )
        self.labels = Counter("fraud_labels_landed", "Labels landed.", registry=registry)
        self.duplicates = Counter(
            "fraud_duplicates", "Orders sent again with the same content.", registry=registry
        )
        self.dead_letters = Counter(
            "fraud_dead_letters", "Messages set aside, by reason.", ["reason"], registry=registry
        )
        self.published = Counter(
            "fraud_published", "Messages acknowledged, by channel.", ["channel"], registry=registry
        )
        self.batch_size = Histogram(
            "fraud_batch_messages", "Messages in a landing.", buckets=BATCHES, registry=registry
        )
        self.commit = Histogram(
            "fraud_commit_seconds",
            "Writing and committing a batch, waiting for Postgres included.",
            buckets=LATENCIES,
            registry=registry,
        )
        self.end_to_end = Histogram(
            "fraud_end_to_end_seconds",
            "From the Kafka record's timestamp to the commit, of a few messages a batch.",
            buckets=LATENCIES,
            registry=registry,
        )
        self.state = Gauge(
            "fraud_state_entities", "Histories that the scorer holds.", registry=registry
        )
        self.rules = Gauge(
            "fraud_rules_info",
            "1, by the versions of the rules and lists in force; only of who scores.",
            ["rule_set", "lists"],
            registry=registry,
        )
        self.rules_refused = Gauge(
            "fraud_rules_refused",
            "1 while the newest file of rules or lists cannot be used and older ones decide.",
            registry=registry,
        )
        self.lease_held = Gauge(
            "fraud_lease_held", "1 while this process is the scorer.", registry=registry
        )
        self.lease_epoch = Gauge(
            "fraud_lease_epoch", "The epoch of the last lease held.", registry=registry
        )
