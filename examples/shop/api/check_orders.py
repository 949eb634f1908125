"""Sends orders as customers do, to the API that takes the traffic: what a health check does not see. Exits with 1 and the reason.

Always the same twenty keys, so that checking again adds no rows.
"""
import json
import sys
import time
import urllib.error
import urllib.request

ORDERS = 20
SLOW_SECONDS = 2

for number in range(ORDERS):
    order = {"key": f"check-{number}", "customer": "check", "amount": "1.00"}
    request = urllib.request.Request("http://api:8080/orders", json.dumps(order).encode(), {"content-type": "application/json"})
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=2 * SLOW_SECONDS) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        sys.exit(f"order {number + 1} of {ORDERS}: {error}")
    took = time.monotonic() - began
    if status != 201:
        sys.exit(f"order {number + 1} of {ORDERS}: status {status}, expected 201")
    if took > SLOW_SECONDS:
        sys.exit(f"order {number + 1} of {ORDERS}: {took:.1f} s, expected under {SLOW_SECONDS} s")
print(f"{ORDERS} orders taken")
