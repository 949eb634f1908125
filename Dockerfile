# A worker in a container. It works on the Docker Engine whose socket it is given:
#
#   docker build -t switchback .
#   docker run -d --name switchback-worker --network host --init \
#     -v /var/run/docker.sock:/var/run/docker.sock \
#     -v /srv/my-stack:/srv/my-stack -v /var/lib/switchback:/var/lib/switchback \
#     -e SWITCHBACK_STACKS=/srv/my-stack -e TEMPORAL_ADDRESS=127.0.0.1:7233 switchback
#
# Stack and home have the same paths inside and outside: the engine resolves bind mounts on the host.
# See docs/worker-in-a-container.md.
ARG NODE_IMAGE=node:20-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/switchback
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates docker-cli docker-compose git openssh-client \
    postgresql-client procps zstd \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/switchback/package.json /opt/switchback/package.json
COPY --from=build /opt/switchback/node_modules /opt/switchback/node_modules
COPY --from=build /opt/switchback/dist /opt/switchback/dist
ENV SWITCHBACK_HOME=/var/lib/switchback NODE_ENV=production
RUN printf '#!/bin/sh\nexec node /opt/switchback/dist/client/main.js "$@"\n' > /usr/local/bin/switchback \
  && chmod +x /usr/local/bin/switchback && mkdir -m 700 /var/lib/switchback
CMD ["node", "/opt/switchback/dist/worker/main.js"]
