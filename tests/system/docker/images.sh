# Sourced: the images that the checks run, and what they are made of. There is no registry: what is usually pulled is
# made of Debian's packages here.
# shellcheck shell=bash

# build_image TAG DOCKERFILE CONTEXT [ARGUMENT OF docker build...]: with the network of this machine, for apt-get.
build_image() {
  DOCKER_BUILDKIT=0 quietly docker build --network=host --tag "$1" --file "$2" "${@:4}" "$3" || fail "$1 cannot be built."
}

# The official image is such a tree too, and has the same setting of dpkg, without which it syncs every file.
build_base() {
  local made_of
  made_of=$(stat -c %Y "$1")
  [[ $(docker image inspect -f '{{.Config.Labels.tree}}' debian:bookworm-slim 2>/dev/null) != "$made_of" ]] || return 0
  tar -C "$1" -c . | docker import - debian-tree >/dev/null || fail "The base image cannot be made."
  mkdir -p "$work/base"
  printf 'FROM debian-tree\nLABEL tree=%s\nRUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/docker-apt-speedup\n' \
    "$made_of" >"$work/base/Dockerfile"
  build_image debian:bookworm-slim "$work/base/Dockerfile" "$work/base"
}

build_haproxy() {
  mkdir -p "$work/haproxy"
  cat >"$work/haproxy/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN apt-get -q update && apt-get -q -y install --no-install-recommends haproxy
USER haproxy
DOCKERFILE
  build_image haproxy:2.6 "$work/haproxy/Dockerfile" "$work/haproxy"
}

# build_images TREE
build_images() {
  say "Building the images: some minutes where nothing is cached"
  build_base "$1"
  build_haproxy
  build_image coroecho "$root/docker/Dockerfile" "$root"
}

# The API's schemas, from the npm registry.
install_kubernetes_schemas() {
  local packages=(kubernetes-models@5.1.0 @kubernetes-models/prometheus-operator@6.0.0 js-yaml@4.1.0 typescript@5.9.3)
  mkdir -p "$cache/kubernetes"
  (
    cd "$cache/kubernetes"
    [[ $(cat packages 2>/dev/null) != "${packages[*]}" ]] || exit 0
    quietly npm install --ignore-scripts --no-audit --no-fund "${packages[@]}" && printf '%s' "${packages[*]}" >packages
  ) || fail "npm cannot install the schemas of the Kubernetes API."
}
