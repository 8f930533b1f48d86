#!/bin/bash
# A class of Kafka's on a folder of its jars; KAFKA_LOG4J_OPTS says how it logs, as in the official one.
set -euo pipefail
# shellcheck disable=SC2086 - options, separated by spaces
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -Djava.awt.headless=true \
  ${KAFKA_LOG4J_OPTS:-} -cp "/opt/kafka/libs/*" "$@"
