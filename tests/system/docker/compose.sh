# Sourced: docker/compose.yaml on one machine.
# shellcheck shell=bash

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose -p echo -f "$root/docker/compose.yaml" "$@"
  else
    docker-compose -p echo -f "$root/docker/compose.yaml" "$@"
  fi
}

# HAProxy is as shut in as the service: docker/compose.yaml.
check_haproxy() {
  local haproxy status
  haproxy=$(compose ps -q haproxy)
  told_is "$haproxy" .HostConfig.ReadonlyRootfs true || fail "HAProxy may write."
  status=$(cat "/proc/$(told "$haproxy" .State.Pid)/status")
  grep -qP '^Uid:\t65532\t65532\t65532\t65532$' <<<"$status" || fail "HAProxy does not run as user 65532."
  grep -qP '^CapPrm:\t0+$' <<<"$status" || fail "HAProxy has capabilities."
  grep -qP '^NoNewPrivs:\t1$' <<<"$status" || fail "HAProxy may gain privileges."
  ok "HAProxy runs read-only, without capabilities, as a user that is not root"
}

check_compose() {
  local server servers address since
  quietly compose up -d --no-build --scale server=3
  mapfile -t servers < <(compose ps -q server)
  ((${#servers[@]} == 3)) || fail "Compose started ${#servers[@]} servers."
  for server in "${servers[@]}"; do
    wait_until 30 told_is "$server" .State.Health.Status healthy
  done
  wait_until 30 echoes 127.0.0.1 8888
  ok "Compose starts three servers, each healthy, and HAProxy in front of them"
  check_haproxy

  start load --no-healthcheck --network echo_default --entrypoint coroecho-client coroecho haproxy 8888 "${load[@]}"
  address=$(told load '(index .NetworkSettings.Networks "echo_default").IPAddress')
  for server in "${servers[@]}"; do
    wait_until 20 said "$server" "connected from $address:"
  done
  ok "all three have clients, and their logs show the clients' own address"
  for server in "${servers[@]}"; do
    quietly docker restart "$server"
    since=$(date +%s)
    wait_until 20 said "$server" 'connected from' --since "$since"
  done
  quietly docker kill -s INT load
  quietly docker wait load
  docker logs load >"$work/load.json" 2>"$work/load.errors"
  lost_nothing "$work/load.json" || fail "Echoes were lost: $(cat "$work"/load.{json,errors})"
  ok "a rolling restart of all three under load loses no echo and refuses no connection"
  docker rm load >/dev/null
  quietly compose down
}
