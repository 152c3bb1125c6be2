# Sourced: what all checks are made of.
# shellcheck shell=bash

# shellcheck source=tests/system/checks.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../checks.sh"

# wait_until SECONDS COMMAND...: fails the test when the command, whose output is not shown, does not succeed in time.
wait_until() {
  wait_for "$@" >/dev/null 2>&1 || fail "not in time: ${*:2}"
}

# echoes HOST PORT: a mebibyte and back, byte for byte, by the client's exit code.
echoes() {
  head -c 1048576 /dev/urandom | "$client" --timeout 20s "$1" "$2" >/dev/null
}

# said CONTAINER TEXT [ARGUMENT OF docker logs...]: its log has a line with this text.
said() {
  # No pipe: grep leaves at the first such line, and docker would then end by SIGPIPE.
  grep -qF -- "$2" < <(docker logs "${@:3}" "$1" 2>&1)
}

# told CONTAINER FIELD: docker inspect.
told() {
  docker inspect -f "{{$2}}" "$1"
}

# told_is CONTAINER FIELD VALUE
told_is() {
  [[ $(told "$1" "$2") == "$3" ]]
}

# Starts a container in the background: start NAME [ARGUMENT OF docker run...] IMAGE [ARGUMENT...]
start() {
  quietly docker run -d --name "$@"
}

# A load that notices whatever is lost: connection after connection, an echo on each, every byte compared.
load=(--bench --mode churn --connections 8 --rate 300 --duration 1h --warmup 1ms --timeout 60s --json)

# lost_nothing FILE: what the load printed when it was interrupted.
lost_nothing() {
  "$here/../lost_nothing" "$1"
}

# Must not fail, whatever is left.
remove_everything() {
  docker swarm leave --force >/dev/null 2>&1 || true
  docker ps -aq | xargs -r docker rm -f -v >/dev/null 2>&1 || true
  docker network prune -f >/dev/null 2>&1 || true
}
