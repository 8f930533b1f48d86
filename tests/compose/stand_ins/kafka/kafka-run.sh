#!/bin/bash
# A class of Kafka's on a folder of its jars, warnings and worse on standard output.
set -euo pipefail
cat >/tmp/log4j2.yaml <<'YAML'
Configuration:
  Appenders:
    Console: { name: out, PatternLayout: { pattern: "%d{ISO8601} %p %c{1}: %m%n" } }
  Loggers:
    Root: { level: warn, AppenderRef: { ref: out } }
YAML
# shellcheck disable=SC2086 - options, separated by spaces
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -Djava.awt.headless=true \
  -Dlog4j2.configurationFile=/tmp/log4j2.yaml -cp "/opt/kafka/libs/*" "$@"
