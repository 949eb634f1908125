"""A small pool of connections that survives a restart of the database and a fence."""
import os
import queue
import threading
from contextlib import contextmanager

import psycopg2

CONNECTIONS = 8


class Database:
    def __init__(self, name):
        self._name = name
        self._idle = queue.LifoQueue()
        self._slots = threading.BoundedSemaphore(CONNECTIONS)

    def run(self, work):
        """Runs work(cursor) with autocommit: when it returns, what it wrote is committed.

        Work may run twice, on a connection that turned out to be dead: it must be safe to repeat.
        """
        with self._slot():
            try:
                return self._once(work, self._take())
            except psycopg2.Error as error:
                if not getattr(error, "connection_lost", False):
                    raise
                while not self._idle.empty():  # the others died of the same cause
                    self._idle.get_nowait().close()
                return self._once(work, self._connect())

    @contextmanager
    def _slot(self):
        if not self._slots.acquire(timeout=3):
            raise psycopg2.OperationalError("no free database connection")
        try:
            yield
        finally:
            self._slots.release()

    def _once(self, work, connection):
        try:
            with connection.cursor() as cursor:
                result = work(cursor)
        except psycopg2.Error as error:
            error.connection_lost = bool(connection.closed)
            connection.close()
            raise
        self._idle.put(connection)
        return result

    def _take(self):
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self):
        connection = psycopg2.connect(
            host=os.environ.get("SHOP_DB_HOST", "db"),
            user="shop",
            dbname="shop",
            password=os.environ["SHOP_DB_PASSWORD"],
            application_name=self._name,
            connect_timeout=2,
            options="-c statement_timeout=3000",
        )
        connection.autocommit = True
        return connection
