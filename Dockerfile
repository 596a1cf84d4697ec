# secmaster in a container: built in one stage, run in another that has no
# compiler, as a user that is not root.
#
#   docker build -t secmaster .
#   docker run --rm -p 127.0.0.1:8080:8080 -v secmaster:/data secmaster

FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        cmake gcc libc6-dev libcjson-dev libcurl4-openssl-dev liblmdb-dev \
        libmicrohttpd-dev libssl-dev libyajl-dev ninja-build pkg-config \
        python3 python3-yaml zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cmake --preset release && cmake --build --preset release

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libcjson1 libcurl4 liblmdb0 libmicrohttpd12 libssl3 libyajl2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir /data && chown 65532:65532 /data
COPY --from=build /source/build/release/secmaster /usr/local/bin/secmaster
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["secmaster", "probe"]
ENTRYPOINT ["secmaster"]
# There are no access tokens yet, so what guards the port is who can reach it:
# publish it on loopback, as above, or put a proxy in front.
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080", "--no-auth"]
