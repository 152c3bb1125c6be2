# Sourced: the manifests. No cluster runs here: they are compared with the API's schemas, and their statements about the
# image with the image.
# shellcheck shell=bash

manifests=("$root/docker/kubernetes.yaml" "$root/docker/kubernetes-monitoring.yaml")

# must_be_refused SED-EXPRESSION: proves that the validation would see such a mistake.
must_be_refused() {
  sed "$1" "${manifests[0]}" >"$work/wrong.yaml"
  ! cmp -s "$work/wrong.yaml" "${manifests[0]}" || fail "'$1' changes nothing."
  ! node "$here/validate_kubernetes.mjs" "$cache/kubernetes" "$work/wrong.yaml" >/dev/null 2>&1 ||
    fail "A manifest is valid after '$1'."
}

check_kubernetes() {
  quietly node "$here/validate_kubernetes.mjs" "$cache/kubernetes" "${manifests[@]}"
  must_be_refused 's/readOnlyRootFilesystem/readOnlyRootFileSystem/'
  must_be_refused 's/replicas: 3/replicas: three/'
  ok "the manifests are valid by the schemas of the Kubernetes API"

  local environment
  mapfile -t environment < <(node "$here/kubernetes_environment.mjs" "$cache/kubernetes" "${manifests[0]}")
  ((${#environment[@]} > 0)) || fail "The manifest's environment, ports or times do not fit together."
  start one --read-only --user 65532:65532 "${environment[@]}" -p 127.0.0.1:8888:8888 -p 127.0.0.1:8889:8889 coroecho
  wait_until 10 echoes 127.0.0.1 8888
  curl -fsS http://127.0.0.1:8889/readyz >/dev/null
  curl -fsS http://127.0.0.1:8889/healthz >/dev/null
  ok "the image takes the manifest's environment and answers its probes"
  docker kill -s TERM one >/dev/null
  wait_until 5 not_ready
  curl -fsS http://127.0.0.1:8889/healthz >/dev/null
  echoes 127.0.0.1 8888 || fail "It does not serve while it drains."
  docker rm -f one >/dev/null
  ok "told to stop, it is not ready, alive, and serves on until the pod is out of the load balancer"
}

not_ready() {
  [[ $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8889/readyz) == 503 ]]
}
