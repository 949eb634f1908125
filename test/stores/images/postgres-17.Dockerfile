# A server one major version or more newer than the one of this machine, with its own client tools, for tests of upgrades.
FROM debian:bookworm-slim
RUN groupadd --gid 5432 postgres \
 && useradd --uid 5432 --gid 5432 --home-dir /data --no-create-home --shell /bin/bash postgres
# Debian 12 has PostgreSQL 15. The next release has 17, from the same mirror and by the same rights; only what 17 needs is taken of it.
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && printf 'path-exclude=/usr/share/%s/*\n' doc man locale > /etc/dpkg/dpkg.cfg.d/small \
 && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast \
 && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && find /etc/apt -name '*.list' -o -name '*.sources' | xargs sed -i 's/bookworm/trixie/g' \
 && apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends -o Dpkg::Options::=--force-confold postgresql-17 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
ENV PATH=/usr/lib/postgresql/17/bin:$PATH LANG=C.UTF-8
RUN install -d -o postgres -g postgres -m 0700 /data && install -d -o postgres -g postgres /var/run/postgresql
COPY start /usr/local/bin/start-postgres
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["start-postgres"]
