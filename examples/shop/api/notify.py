"""Tells the worker about new orders. A hint only: the worker also looks for itself, so one may be lost but none may block."""
import queue
import threading

import redis


class Notifier:
    def __init__(self):
        self._keys = queue.Queue(maxsize=1000)
        threading.Thread(target=self._send, daemon=True).start()

    def new_order(self, key):
        try:
            self._keys.put_nowait(key)
        except queue.Full:
            pass

    def _send(self):
        client = redis.Redis("cache", socket_timeout=1, socket_connect_timeout=1)
        while True:
            key = self._keys.get()
            try:
                client.pipeline().lpush("new-orders", key).ltrim("new-orders", 0, 9999).execute()
            except redis.RedisError:
                pass
