#!/bin/bash
# Format the data folder on the first start, then become the broker; with `tls`, one that speaks TLS.
set -euo pipefail
settings=/tmp/server.properties
bin=/opt/kafka/bin
cat /etc/fraud/server.properties ${1:+"/etc/fraud/$1.properties"} >"$settings"
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
  "$bin/kafka-storage.sh" format --ignore-formatted --config "$settings" \
    --cluster-id "$("$bin/kafka-storage.sh" random-uuid)"
fi
exec "$bin/kafka-server-start.sh" "$settings"
