# One image holds every package, so that apt runs once and each service is a layer of a few files on top.
FROM debian:bookworm-slim
# Fixed ids: the packages would take the next free ones, and a rebuilt image could then not read the volume of an older one.
RUN groupadd --gid 5432 postgres \
 && useradd --uid 5432 --gid 5432 --home-dir /data --no-create-home --shell /bin/bash postgres \
 && useradd --uid 5400 --user-group --no-create-home --shell /usr/sbin/nologin shop
# No cluster at installation (the db service makes its own), no documentation, no disk syncs while unpacking.
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && printf 'path-exclude=/usr/share/%s/*\n' doc man locale > /etc/dpkg/dpkg.cfg.d/small \
 && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast \
 && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends -o Dpkg::Options::=--force-confold \
      postgresql-15 redis-server haproxy python3 python3-psycopg2 python3-redis \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
ENV PATH=/usr/lib/postgresql/15/bin:$PATH LANG=C.UTF-8 PYTHONUNBUFFERED=1
COPY images/http-ok /usr/local/bin/http-ok
