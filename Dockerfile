# Builds the gateway, then leaves everything but the program behind.
#
#   docker build --tag avenping-gateway:0.1.0 .
#   docker run --env AVENPING_SECRET_KEY --publish 127.0.0.1:8080:8080 --volume avenping:/data \
#     --stop-timeout 40 avenping-gateway:0.1.0

# It has the C compiler that SQLite, the cryptography and the allocator need.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# For x86-64 the program is laid out by what it does most: see deploy/build. That takes two cores.
RUN if [ "$(uname -m)" = x86_64 ]; then \
      apt-get update && apt-get install --yes --no-install-recommends bolt-19 && rm -rf /var/lib/apt/lists/*; \
    fi
# Such as `otel`, for traces.
ARG FEATURES=

# The dependencies are a layer of their own: they change seldom and take the longest.
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo/config.toml .cargo/config.toml
COPY bench/Cargo.toml bench/Cargo.lock bench/
RUN mkdir -p src bench/src migrations/sqlite migrations/postgres \
 && echo 'fn main() {}' | tee src/main.rs > bench/src/main.rs \
 && touch src/lib.rs \
 && cargo build --locked --release --features "$FEATURES" \
 && cargo build --locked --release --manifest-path bench/Cargo.toml \
 && rm -r src bench/src

COPY migrations migrations
COPY src src
COPY bench/src bench/src
COPY bench/peers/nginx.conf bench/peers/nginx.conf
COPY deploy/build deploy/build
# Cargo goes by the time of a file: the placeholders above are younger than what was copied.
RUN touch src/main.rs src/lib.rs bench/src/main.rs \
 && deploy/build --features "$FEATURES" \
 && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/shipped/avenping /usr/local/bin/avenping
# The place for SQLite, owned by the user that runs here.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
VOLUME /data

ENV AVENPING_BIND=0.0.0.0:8080 \
    AVENPING_LOG_FORMAT=json \
    DATABASE_URL=sqlite:///data/avenping.db
EXPOSE 8080
# As a number, so that Kubernetes can see that it is not root.
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["avenping", "health"]
ENTRYPOINT ["avenping"]
CMD ["serve"]
