ARG BASE
FROM ${BASE}
COPY migrate/migrate.py schemas/001-orders.sql /shop/
USER shop
CMD ["python3", "/shop/migrate.py"]
