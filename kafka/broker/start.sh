#!/bin/bash
# Format the data folder on the first start, then become the broker.
set -euo pipefail
settings=/etc/fraud/server.properties
bin=/opt/kafka/bin
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
  "$bin/kafka-storage.sh" format --ignore-formatted --config "$settings" \
    --cluster-id "$("$bin/kafka-storage.sh" random-uuid)"
fi
exec "$bin/kafka-server-start.sh" "$settings"
