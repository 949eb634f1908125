ARG BASE
FROM ${BASE}
ARG VERSION
COPY api/check_orders.py api/database.py api/notify.py api/server.py /shop/
COPY api/v${VERSION}.py /shop/main.py
USER shop
CMD ["python3", "/shop/main.py"]
