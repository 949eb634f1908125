ARG BASE
FROM ${BASE}
USER redis
WORKDIR /tmp
# Nothing is saved: the cache only carries hints, the database is the record.
CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--appendonly", "no", "--maxmemory", "32mb", "--maxmemory-policy", "allkeys-lru"]
