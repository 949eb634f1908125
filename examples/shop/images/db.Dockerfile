ARG BASE
FROM ${BASE}
# The volume takes over the owner of the folder that it is mounted on.
RUN install -d -o postgres -g postgres -m 0700 /data && install -d -o postgres -g postgres /var/run/postgresql
COPY db/entrypoint.sh /usr/local/bin/db-entrypoint
USER postgres
# Fast shutdown; on SIGTERM PostgreSQL would wait for its clients to leave.
STOPSIGNAL SIGINT
ENTRYPOINT ["db-entrypoint"]
