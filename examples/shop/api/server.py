"""What v1 and v2 have in common: HTTP, checking of input, errors. Each version brings its statements and its own routes."""
import json
import re
import signal
import sys
import threading
from decimal import Decimal, InvalidOperation
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

from database import Database
from notify import Notifier

KEY = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
MAX_BODY = 16 * 1024
MAX_KEYS = 200


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def read_order(body):
    try:
        order = json.loads(body, parse_float=Decimal, parse_constant=lambda name: None)
        key, customer, amount = order["key"], order["customer"], Decimal(str(order["amount"]))
        channel = order.get("channel")
        fits = amount.is_finite() and amount == round(amount, 2) and 0 < amount < 10**9
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError):
        raise Refused(400, "expected a JSON object with key, customer and amount")
    if not (isinstance(key, str) and KEY.match(key) and key != "count"):
        raise Refused(400, "key: 1 to 64 letters, digits, '.', '_' or '-'")
    if not (isinstance(customer, str) and 0 < len(customer) <= 100 and customer.isprintable()):
        raise Refused(400, "customer: 1 to 100 printable characters")
    if not fits:
        raise Refused(400, "amount: more than 0, less than 1000000000, two decimals")
    if not (channel is None or (isinstance(channel, str) and 0 < len(channel) <= 20 and channel.isprintable())):
        raise Refused(400, "channel: 1 to 20 printable characters")
    return {"key": key, "customer": customer, "amount": amount, "channel": channel}


class Shop:
    """The routes of v1; later versions add to them."""

    VERSION = 1
    # Fails until the tables and columns of this version are there: no traffic before that.
    PROBE = "SELECT key, customer, amount, created_at FROM orders LIMIT 1"

    def __init__(self):
        self.db = Database(f"shop-api-v{self.VERSION}")
        self.notifier = Notifier()

    def insert(self, cursor, order):
        raise NotImplementedError

    def before_post(self):
        pass

    def get(self, path):
        if path == "/health":
            self.db.run(lambda cursor: cursor.execute(self.PROBE))
            return {"status": "ok", "version": self.VERSION}
        if path == "/orders/count":
            return {"count": self.db.run(count_orders)}
        if path.startswith("/orders?keys="):
            return self.orders(path[13:].split(","))
        if path.startswith("/orders/") and KEY.match(path[8:]):
            return self.order(path[8:])
        raise Refused(404, "no such path")

    def orders(self, keys):
        if len(keys) > MAX_KEYS or not all(KEY.match(key) for key in keys):
            raise Refused(400, f"keys: at most {MAX_KEYS}, separated by commas")
        return {"asked": len(keys), "found": self.db.run(lambda cursor: find_keys(cursor, keys))}

    def order(self, key):
        order = self.db.run(lambda cursor: find_order(cursor, key))
        if order is None:
            raise Refused(404, "no such order")
        return order

    def post_order(self, body):
        order = read_order(body)
        self.before_post()

        def insert_or_compare(cursor):
            self.insert(cursor, order)
            if cursor.rowcount == 1:
                return True
            found = find_order(cursor, order["key"])
            # An acknowledgement says "stored as you sent it", so a used key with other contents gets none.
            return found["customer"] == order["customer"] and Decimal(found["amount"]) == order["amount"]

        if not self.db.run(insert_or_compare):
            raise Refused(409, "this key belongs to a different order")
        self.notifier.new_order(order["key"])
        return {"key": order["key"]}


def count_orders(cursor):
    cursor.execute("SELECT count(*) FROM orders")
    return cursor.fetchone()[0]


def find_keys(cursor, keys):
    cursor.execute("SELECT key FROM orders WHERE key = ANY(%s)", (keys,))
    return [key for (key,) in cursor.fetchall()]


def find_order(cursor, key):
    cursor.execute("SELECT key, customer, amount::text, created_at FROM orders WHERE key = %s", (key,))
    row = cursor.fetchone()
    return row and {"key": row[0], "customer": row[1], "amount": row[2], "createdAt": row[3].isoformat()}


def handler_for(shop):
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self):
            self.answer(200, lambda: shop.get(self.path))

        def do_POST(self):
            self.answer(201, self.post)

        def post(self):
            if self.path != "/orders":
                raise Refused(404, "no such path")
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MAX_BODY:
                raise Refused(413, f"Content-Length: at most {MAX_BODY}")
            return shop.post_order(self.rfile.read(int(length)))

        def answer(self, status, work):
            try:
                result = work()
            except Refused as error:
                status, result = error.status, {"error": str(error)}
            except psycopg2.Error as error:
                status, result = 503, {"error": "database", "code": error.pgcode}
                print(f"{self.command} {self.path}: {error.pgcode} {str(error).strip()}", file=sys.stderr)
            body = json.dumps(result).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_):
            pass

    return Handler


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False  # requests that were taken are answered before the process ends

    def handle_error(self, request, address):
        # A client or a health check that hung up is its own business.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


def serve(shop):
    server = Server(("0.0.0.0", 8080), handler_for(shop))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.05)
    server.server_close()
