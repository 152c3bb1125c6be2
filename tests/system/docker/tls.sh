# Sourced: TLS in a container, with certificate and key from the host, and as a Secret of Kubernetes mounts them.
# shellcheck shell=bash

# new_pair FOLDER OWNER MODE: certificate and key as tls.crt and tls.key; the key has that owner and mode.
new_pair() {
  mkdir -p "$1"
  quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=coroecho \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$1/key" -out "$1/tls.crt"
  chown "$2" "$1/key"
  chmod "$3" "$1/key"
  mv "$1/key" "$1/tls.key"
}

# echoes_tls FOLDER: the client verifies, so the service has the certificate that is in it.
echoes_tls() {
  [[ $("$client" --tls --ca "$1/tls.crt" --timeout 20s 127.0.0.1 8443 <<<hello) == hello ]]
}

# As the kubelet changes a volume: a folder beside the old one, and a link that is replaced.
change_secret() {
  local version
  version=$(mktemp -d "$1/..XXXXXX")
  chmod 755 "$version"
  new_pair "$version" "root:$2" "$3"
  chown "root:$2" "$version/tls.crt"
  chmod "$3" "$version/tls.crt"
  ln -s "${version##*/}" "$1/..data_tmp"
  mv -T "$1/..data_tmp" "$1/..data"
  ln -sf ..data/tls.crt "$1/tls.crt"
  ln -sf ..data/tls.key "$1/tls.key"
}

check_tls() {
  local pair=$work/pair
  local environment=(-e COROECHO_TLS_PORT=8443 -e COROECHO_TLS_CERTIFICATE=/tls/tls.crt -e COROECHO_TLS_KEY=/tls/tls.key)
  new_pair "$pair" 65532 400
  start one -p 127.0.0.1:8443:8443 -v "$pair:/tls:ro" "${environment[@]}" coroecho
  wait_until 10 echoes_tls "$pair"
  ok "a container with a pair that user 65532 may read echoes over TLS through its published port"
  new_pair "$pair" 65532 400
  docker kill -s HUP one >/dev/null
  wait_until 10 echoes_tls "$pair"
  ok "docker kill -s HUP loads a new pair"
  new_pair "$pair" root 400
  docker kill -s HUP one >/dev/null
  wait_until 10 said one "not reloaded: COROECHO_TLS_KEY: /tls/tls.key: cannot open: Permission denied"
  ok "a key that it may not read is one line"
  docker rm -f one >/dev/null
  ! docker run --rm -v "$pair:/tls:ro" "${environment[@]}" coroecho >"$work/refused" 2>&1 || fail "It starts without its key."
  [[ $(<"$work/refused") == *'/tls/tls.key: cannot open: Permission denied' && $(wc -l <"$work/refused") == 1 ]] ||
    fail "$(<"$work/refused")"
  ok "with which it does not start"
}

# check_tls_of_kubernetes KUSTOMIZATION
check_tls_of_kubernetes() {
  local secret=$work/secret said_by_manifest
  mapfile -t said_by_manifest < <(node "$here/kubernetes_secret.mjs" "$cache/kubernetes" "$1")
  local path=${said_by_manifest[0]} group=${said_by_manifest[1]} mode=${said_by_manifest[2]}
  mkdir "$secret"
  change_secret "$secret" "$group" "$mode"
  start one --read-only --user 65532:65532 --group-add "$group" "${said_by_manifest[@]:3}" -p 127.0.0.1:8443:8443 \
    -v "$secret:$path:ro" coroecho
  wait_until 10 echoes_tls "$secret"
  ! said one warning || fail "It warns: $(docker logs one 2>&1)"
  ok "the image takes certificate and key as the manifest mounts a Secret"
  change_secret "$secret" "$group" "$mode"
  docker kill -s HUP one >/dev/null
  wait_until 10 echoes_tls "$secret"
  ok "and a new pair as the kubelet changes one"
  docker rm -f one >/dev/null
}
