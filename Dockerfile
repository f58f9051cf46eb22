# Built with a compiler at hand, for better-sqlite3 where it has no prebuilt file; run without one.
FROM node:20.20.2-bookworm AS build
WORKDIR /isthmus
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY adapters adapters
COPY trace-converter trace-converter
RUN npm run build && npm prune --omit=dev
# An optional package that failed to install is left out in silence: here it is needed.
RUN node -e "new (require('better-sqlite3'))(':memory:')"

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production ISTHMUS_CONFIG=/etc/isthmus/isthmus.yaml
WORKDIR /isthmus
# A volume that is mounted here takes this folder's owner over.
RUN mkdir -p /var/lib/isthmus && chown node:node /var/lib/isthmus
COPY package.json LICENSE ./
COPY ui ui
COPY --from=build /isthmus/node_modules node_modules
COPY --from=build /isthmus/dist dist
USER node
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/cli.js"]
CMD ["--help"]
