# Sourced by the system tests: reports a promise that holds, and waits for one.
# shellcheck shell=bash

ok() { printf 'ok: %s\n' "$*"; }

# wait_for SECONDS COMMAND...: false if the command does not succeed in time. A slow machine has four times as long.
wait_for() {
  local deadline=$((SECONDS + 4 * $1))
  until "${@:2}"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
