# Sourced: a Docker daemon of our own. Takes $work, a temporary folder, and $cache, where images stay.
# shellcheck shell=bash

daemon=''

# start_daemon [DOCKERD-ARGUMENT...]
start_daemon() {
  export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work/config
  dockerd --data-root "$cache/docker" --exec-root "$work/docker" --pidfile "$work/docker.pid" \
    --host "$DOCKER_HOST" "$@" >"$work/dockerd.log" 2>&1 &
  daemon=$!
  local tries
  for ((tries = 0; tries < 300; ++tries)); do
    ! docker info >/dev/null 2>&1 || return 0
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$work/dockerd.log" >&2
  say "dockerd does not start here."
  exit 77
}

stop_daemon() {
  [[ -n $daemon ]] || return 0
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" || true
  daemon=''
  # It may leave these mounts behind, which keep the folders from being removed.
  umount "$work"/docker/netns/* "$cache/docker" 2>/dev/null || true
}
