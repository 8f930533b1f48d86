#!/bin/bash
exec /opt/kafka/bin/kafka-run.sh kafka.Kafka "$@"
