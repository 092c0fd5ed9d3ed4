# syntax=docker/dockerfile:1
# The image of operator and workers: one binary and the libraries that it needs, for amd64 and arm64.
#   docker buildx build --platform linux/amd64,linux/arm64 --tag REGISTRY/koppel:TAG --push .
# The build runs on the builder's own platform and compiles across, so that none of it is emulated.

ARG RUST_VERSION=1.95
ARG DEBIAN=bookworm

FROM --platform=$BUILDPLATFORM rust:${RUST_VERSION}-${DEBIAN} AS build
ARG BUILDARCH
ARG TARGETARCH
# Lets the SBOM list the crates too: they are told by Cargo.lock, not by the image.
ARG BUILDKIT_SBOM_SCAN_CONTEXT=true
WORKDIR /koppel

# SQLite and the cryptography are C: another platform needs its compiler and headers.
RUN <<'SCRIPT'
set -eu
case $TARGETARCH in
amd64) rust=x86_64-unknown-linux-gnu c=x86-64-linux-gnu gcc=x86_64-linux-gnu-gcc ;;
arm64) rust=aarch64-unknown-linux-gnu c=aarch64-linux-gnu gcc=aarch64-linux-gnu-gcc ;;
*) echo "koppel: no image for $TARGETARCH" >&2; exit 1 ;;
esac
rustup target add "$rust"
if [ "$BUILDARCH" != "$TARGETARCH" ]; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends "gcc-$c" "libc6-dev-$TARGETARCH-cross"
    rm -rf /var/lib/apt/lists/*
else
    gcc=cc
fi
name=$(echo "$rust" | tr a-z- A-Z_)
cat >/target.env <<ENV
export CARGO_BUILD_TARGET=$rust
export CARGO_TARGET_${name}_LINKER=$gcc
export CC_$(echo "$rust" | tr - _)=$gcc
ENV
SCRIPT

COPY . .
# Without the simulated vendors: they are for tests.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/koppel/target,id=target-$TARGETARCH \
    . /target.env && \
    cargo build --release --locked --no-default-features --bin koppel && \
    install -D "target/$CARGO_BUILD_TARGET/release/koppel" /image/usr/local/bin/koppel

# glibc, libgcc, certificates; no shell, no package manager. Its user is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="koppel" \
    org.opencontainers.image.description="Couples Chargebee billing to Exact Online and Dynamics 365 CRM" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
COPY --from=build /image /
# A number, since Kubernetes cannot tell whether a name is root.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/koppel"]
CMD ["operator"]
