#!/bin/bash
# Starts PostgreSQL; on the first start makes the cluster, the application's role and its database.
set -euo pipefail
: "${SHOP_DB_PASSWORD:?}" "${SHOP_DB_ADMIN_PASSWORD:?}"
cluster=/data/15

if [ ! -d "$cluster" ]; then
  # Made beside and renamed when complete: a start that was cut off leaves nothing that looks like a cluster.
  rm -rf "$cluster.partial"
  initdb -D "$cluster.partial" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums \
    --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(printf '%s\n' "$SHOP_DB_ADMIN_PASSWORD") >/dev/null
  echo 'host all all all scram-sha-256' >> "$cluster.partial/pg_hba.conf"
  # Single-user mode: no server is reachable, so no health check can pass, before the role and the database are there.
  password=${SHOP_DB_PASSWORD//\'/\'\'}
  postgres --single -D "$cluster.partial" postgres >/dev/null <<SQL
CREATE ROLE shop LOGIN PASSWORD '$password'
CREATE DATABASE shop OWNER shop
SQL
  mv "$cluster.partial" "$cluster"
fi

exec postgres -D "$cluster" -c listen_addresses='*' -c max_connections=60 -c shared_buffers=32MB -c jit=off \
  -c log_min_messages=warning -c timezone=UTC "$@"
