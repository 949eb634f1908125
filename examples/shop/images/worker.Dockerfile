ARG BASE
FROM ${BASE}
COPY worker/worker.py /shop/worker.py
USER shop
CMD ["python3", "/shop/worker.py"]
