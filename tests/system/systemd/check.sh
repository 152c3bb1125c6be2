# Sourced by prove: proves that a promise holds, or ends the test.
# shellcheck shell=bash

# broken MESSAGE [COMMAND...]: the command shows the evidence.
broken() {
  printf 'BROKEN: %s\n' "$1" >&2
  (($# == 1)) || "${@:2}" >&2 || true
  exit 1
}

# cannot MESSAGE [COMMAND...]: this machine is not able to; the command shows why.
cannot() {
  printf '%s\n' "$1" >&2
  (($# == 1)) || "${@:2}" >&2 || true
  exit 77
}

# Shows the state and the journal of the service when a promise is broken.
evidence() {
  inside systemctl status --no-pager --full --lines=0 'coroecho*' || true
  inside journalctl --no-pager -n 60 -u 'coroecho*'
}

# promise TEXT COMMAND...: the command must succeed.
promise() {
  "${@:2}" || broken "$1 [${*:2}]" evidence
  ok "$1"
}

# property UNIT NAME
property() {
  inside systemctl show --value -p "$2" "$1"
}

# is UNIT NAME VALUE
is() {
  [[ $(property "$1" "$2") == "$3" ]]
}

# status_counts CLIENTS: as STATUS= has it.
status_counts() {
  [[ $(property coroecho StatusText) =~ (^|\ )$1\ active ]]
}

# refuses HOST PORT: nobody listens there.
refuses() {
  beside python3 -c 'import errno, socket, sys
error = socket.socket().connect_ex((sys.argv[1], int(sys.argv[2])))
sys.exit(error != errno.ECONNREFUSED)' "$1" "$2"
}

# echoes HOST PORT: a line goes there and comes back; one attempt.
echoes() {
  [[ $(printf 'hello\n' | inside coroecho-client --timeout 20s "$1" "$2") == hello ]]
}

runs_without_privileges() {
  local status
  status=$(inside cat "/proc/$(property coroecho MainPID)/status")
  [[ $status =~ Uid:[[:space:]]+[1-9] && $status =~ CapEff:[[:space:]]+0+$'\n' && $status =~ NoNewPrivs:[[:space:]]+1 ]]
}

# restarted PROCESS [PORT]: it serves as another one.
restarted() {
  is coroecho ActiveState active && ! is coroecho MainPID "$1" && echoes 127.0.0.1 "${2-8888}"
}

# journal UNIT PATTERN [JOURNALCTL-ARGUMENT...]
journal() {
  inside journalctl --no-pager -q -o cat -u "$1" "${@:3}" | grep -E -e "$2" >/dev/null
}

configure() {
  inside tee /etc/coroecho/coroecho.yaml >/dev/null
}

# As it was installed.
default_configuration() {
  inside cp /packages/coroecho.yaml /etc/coroecho/coroecho.yaml
}

# A client that stays connected: hold [OPTION...] HOST PORT, then held_echoes TEXT as often as wanted, then release.
hold() {
  coproc held { inside coroecho-client "$@"; }
  # shellcheck disable=SC2154 # held_PID: coproc's
  held_input=${held[1]} held_output=${held[0]} held_client=$held_PID
}

held_echoes() {
  local answer=''
  printf '%s\n' "$1" >&"$held_input"
  IFS= read -r -t 10 answer <&"$held_output"
  [[ $answer == "$1" ]]
}

release() {
  exec {held_input}>&-
  wait "$held_client"
}
