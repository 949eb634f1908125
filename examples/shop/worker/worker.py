"""Marks orders as fulfilled, in a table of its own. Listens to the cache for new keys and sweeps the database for those it missed."""
import os
import signal
import sys
import time
from pathlib import Path

import psycopg2
import redis

ALIVE = Path("/tmp/alive")  # the health check looks at its age
SWEEP_SECONDS = 5

FULFIL = "INSERT INTO fulfilments (key) SELECT key FROM orders WHERE key = ANY(%s) ON CONFLICT (key) DO NOTHING"
SWEEP = """
INSERT INTO fulfilments (key)
SELECT o.key FROM orders o LEFT JOIN fulfilments f USING (key) WHERE f.key IS NULL LIMIT 1000
ON CONFLICT (key) DO NOTHING
"""


def connect():
    connection = psycopg2.connect(
        host="db", user="shop", dbname="shop", password=os.environ["SHOP_DB_PASSWORD"],
        application_name="shop-worker", connect_timeout=2, options="-c statement_timeout=5000",
    )
    connection.autocommit = True
    return connection


def new_keys(cache):
    try:
        first = cache.brpop("new-orders", timeout=1)
        rest = cache.rpop("new-orders", 99) if first else None
        return [key.decode() for key in ([first[1]] if first else []) + (rest or [])]
    except redis.RedisError:
        time.sleep(0.5)  # without the cache the sweep alone finds the orders
        return []


def work():
    cache = redis.Redis("cache", socket_timeout=3, socket_connect_timeout=1)
    swept = 0.0
    with connect().cursor() as cursor:
        while True:
            cursor.execute(FULFIL, (new_keys(cache),))
            if time.monotonic() - swept > SWEEP_SECONDS:
                cursor.execute(SWEEP)
                swept = time.monotonic()
            ALIVE.touch()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        try:
            work()
        except psycopg2.Error as error:
            print(f"database: {str(error).strip()}", file=sys.stderr)
            time.sleep(0.5)


main()
