"""The simulated marketplace and the publisher that puts its orders on Kafka."""
