# Sourced: the manifests. No cluster runs here: they are compared with the API's schemas, and their statements about the
# image with the image.
# shellcheck shell=bash

kubernetes=$root/docker/kubernetes

# must_be_refused FILE SED-EXPRESSION: proves that the validation would see such a mistake in this file.
must_be_refused() {
  rm -rf "$work/wrong"
  cp -r "$kubernetes" "$work/wrong"
  sed -i "$2" "$work/wrong/$1"
  ! cmp -s "$work/wrong/$1" "$kubernetes/$1" || fail "'$2' changes nothing."
  ! node "$here/validate_kubernetes.mjs" "$cache/kubernetes" "$work/wrong/overlays/tls" >/dev/null 2>&1 ||
    fail "A manifest is valid after '$2'."
}

# As its first lines say: with every component that it lists.
take_all_components() {
  cp -r "$kubernetes" "$work/all"
  sed -i -e 's/^components: \[\]$/components:/' -e 's/^#  - components/  - components/' "$work/all/kustomization.yaml"
  (($(grep -c '^  - components/' "$work/all/kustomization.yaml") == $(find "$kubernetes/components" -mindepth 1 -type d | wc -l))) ||
    fail "docker/kubernetes/kustomization.yaml does not list all components."
}

check_kubernetes() {
  take_all_components
  quietly node "$here/validate_kubernetes.mjs" "$cache/kubernetes" "$kubernetes" "$kubernetes"/{base,overlays/*} "$work/all"
  must_be_refused base/deployment.yaml 's/readOnlyRootFilesystem/readOnlyRootFileSystem/'
  must_be_refused base/autoscaler.yaml 's/minReplicas: 3/minReplicas: three/'
  must_be_refused components/tls/kustomization.yaml 's,/spec/template/spec/volumes/-,/spec/template/spec/volume/-,'
  ok "base, overlays and all components together are valid by the schemas of the Kubernetes API"

  local environment
  mapfile -t environment < <(node "$here/kubernetes_pod.mjs" "$cache/kubernetes" "$kubernetes" "$work/coroecho.yaml")
  ((${#environment[@]} > 0)) || fail "The manifests' ports, times, limits or policies do not fit together."
  chmod a+r "$work/coroecho.yaml"
  start one --read-only --user 65532:65532 "${environment[@]}" -v "$work/coroecho.yaml:/etc/coroecho/coroecho.yaml" \
    -p 127.0.0.1:8888:8888 -p 127.0.0.1:8889:8889 coroecho
  wait_until 10 echoes 127.0.0.1 8888
  curl -fsS http://127.0.0.1:8889/readyz >/dev/null
  curl -fsS http://127.0.0.1:8889/healthz >/dev/null
  ok "the image takes the ConfigMap and the pod's environment, and answers its probes"
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
