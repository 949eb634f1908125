"""v2 still writes orders (a trigger carries each row into orders_v2), so going back to v1 loses nothing. It reads totals from orders_v2."""
import os
import random
import threading
import time

from server import Refused, Shop, serve


class V2(Shop):
    VERSION = 2
    PROBE = "SELECT (SELECT channel FROM orders LIMIT 1), (SELECT amount_cents FROM orders_v2 LIMIT 1)"

    def __init__(self):
        super().__init__()
        self.fault = Fault() if os.environ.get("SHOP_FAULT") == "verify" else None

    def before_post(self):
        if self.fault:
            self.fault.strike()

    def insert(self, cursor, order):
        cursor.execute(
            "INSERT INTO orders (key, customer, amount, channel)"
            " VALUES (%(key)s, %(customer)s, %(amount)s, coalesce(%(channel)s, 'web')) ON CONFLICT (key) DO NOTHING",
            order,
        )

    def get(self, path):
        if path == "/totals":
            return self.db.run(totals)
        return super().get(path)


def totals(cursor):
    cursor.execute("SELECT count(*), count(DISTINCT customer), coalesce(sum(amount_cents), 0) FROM orders_v2")
    orders, customers, cents = cursor.fetchone()
    return {"orders": orders, "customers": customers, "amountCents": int(cents)}


class Fault:
    """A release that passes its health check and fails under load: slower with each order, and some are refused."""

    def __init__(self):
        self.after = int(os.environ.get("SHOP_FAULT_AFTER") or 200)
        self.percent = int(os.environ.get("SHOP_FAULT_PERCENT") or 30)
        self.served = 0
        self.lock = threading.Lock()

    def strike(self):
        with self.lock:
            self.served += 1
            beyond = self.served - self.after
        if beyond > 0:
            time.sleep(min(1.0, beyond * 0.005))
            if random.randrange(100) < self.percent:
                raise Refused(500, "internal error")


serve(V2())
