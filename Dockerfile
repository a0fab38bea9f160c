# Builds the gateway, then leaves everything but the program behind.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Such as `otel`, for traces.
ARG FEATURES=

# The dependencies are a layer of their own: they change seldom and take the longest.
COPY Cargo.toml Cargo.lock build.rs ./
RUN mkdir src \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs && mkdir -p migrations/sqlite migrations/postgres \
 && cargo build --locked --release --features "$FEATURES" \
 && rm -r src

COPY migrations migrations
COPY src src
# Cargo goes by the time of a file: the placeholders above are younger than what was copied.
RUN touch src/main.rs src/lib.rs \
 && cargo build --locked --release --features "$FEATURES" \
 && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/avenping /usr/local/bin/avenping
# The place for SQLite, owned by the user that runs here.
COPY --from=build --chown=nonroot:nonroot /data /data
WORKDIR /data
VOLUME /data

ENV AVENPING_BIND=0.0.0.0:8080 \
    AVENPING_LOG_FORMAT=json \
    DATABASE_URL=sqlite:///data/avenping.db
EXPOSE 8080
USER nonroot
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["avenping", "health"]
ENTRYPOINT ["avenping"]
CMD ["serve"]
