# Build: compiles TypeScript with the development dependencies.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src src
COPY jobs jobs
COPY config config
RUN npm run build && npm prune --omit=dev --ignore-scripts

# Run: compiled code and production dependencies only, not as root.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=node:node /app/package.json ./
COPY --from=build --chown=node:node /app/node_modules node_modules
COPY --from=build --chown=node:node /app/dist dist
COPY --from=build --chown=node:node /app/config config
RUN mkdir var && chown node:node var
USER node
VOLUME /app/var
ENTRYPOINT ["node", "dist/src/cli.js"]
CMD ["worker"]
