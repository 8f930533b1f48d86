#!/bin/bash
# Runs once, on an empty data folder: the platform's owner, who is no superuser, and its database.
# The password travels through a pipe; `psql` hashes it before it is sent.
set -euo pipefail
superuser=(psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres)
"${superuser[@]}" --set owner="$FRAUD_OWNER" --set database="$FRAUD_DB" <<'SQL'
create role :"owner" login createrole createdb;
create database :"database" owner :"owner";
revoke connect on database postgres, template1 from public;
SQL
password=$(cat /run/secrets/postgres_password)
printf '%s\n%s\n' "$password" "$password" \
  | "${superuser[@]}" --command "\\password $FRAUD_OWNER" >/dev/null
