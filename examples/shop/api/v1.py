"""v1 knows the table orders. With SHOP_DUAL_READ=1 it also reads orders_v2 and counts what differs; the answer stays that of orders."""
import os
import sys
import threading

from server import Shop, serve

COMPARE = """
SELECT n.key IS NOT NULL
   AND (o.customer, (o.amount * 100)::bigint, o.created_at) = (n.customer, n.amount_cents, n.created_at)
  FROM orders o LEFT JOIN orders_v2 n USING (key) WHERE o.key = %s
"""


class V1(Shop):
    VERSION = 1

    def __init__(self):
        super().__init__()
        self.dual_read = os.environ.get("SHOP_DUAL_READ") == "1"
        self.lock = threading.Lock()
        self.checked = self.different = 0

    def insert(self, cursor, order):
        cursor.execute(
            "INSERT INTO orders (key, customer, amount) VALUES (%(key)s, %(customer)s, %(amount)s) ON CONFLICT (key) DO NOTHING",
            order,
        )

    def get(self, path):
        if path == "/dual-read" and self.dual_read:
            with self.lock:
                return {"checked": self.checked, "different": self.different}
        return super().get(path)

    def order(self, key):
        order = super().order(key)
        if self.dual_read:
            self.compare(key)
        return order

    def compare(self, key):
        def read_both(cursor):
            cursor.execute(COMPARE, (key,))
            return cursor.fetchone()[0]

        same = self.db.run(read_both)
        with self.lock:
            self.checked += 1
            self.different += 0 if same else 1
        if not same:
            print(f"orders and orders_v2 differ for {key}", file=sys.stderr)


serve(V1())
