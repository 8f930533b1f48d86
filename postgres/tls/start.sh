#!/bin/bash
# Postgres with TLS. It wants a key that nobody else can read, and a mounted secret is not.
set -euo pipefail
install --mode=600 /run/secrets/postgres_key /tmp/postgres.key
exec docker-entrypoint.sh "$@" -c ssl=on -c ssl_min_protocol_version=TLSv1.2 \
  -c ssl_cert_file=/run/secrets/postgres_certificate -c ssl_key_file=/tmp/postgres.key \
  -c hba_file=/etc/fraud/pg_hba.conf
