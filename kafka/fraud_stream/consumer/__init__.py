"""From Kafka to Postgres: decode, score, and land each order exactly once."""
