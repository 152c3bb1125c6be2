# A package of a higher version, over an edited configuration, while clients are connected.
# shellcheck shell=bash

# is_installed PACKAGE: that version of it.
is_installed() {
  # shellcheck disable=SC2016 # dpkg-query's variable
  [[ $(inside dpkg-query -W -f '${Version}' coroecho) == $(inside dpkg-deb -f "/packages/$1" Version) ]]
}

# exchange: installs the one of the two packages that is not installed, by dpkg alone, which is quicker than apt-get.
exchange() {
  local package=newer.deb
  ! is_installed newer.deb || package=coroecho.deb
  inside dpkg --install "/packages/$package" >"$transcript" 2>&1 || broken "dpkg --install $package" cat "$transcript"
}

# runs_the_installed_program UNIT
runs_the_installed_program() {
  inside test "/proc/$(property "$1" MainPID)/exe" -ef /usr/bin/coroecho
}

# upgraded UNIT PROCESS: in place.
upgraded() {
  is "$1" MainPID "$2" && is "$1" ActiveState active && runs_the_installed_program "$1"
}

# begin_load PORT: clients that stay, and clients that come and go, of the package as it is now.
begin_load() {
  local mode
  load_since=$EPOCHSECONDS
  load=()
  for mode in pingpong churn; do
    # No function around it, which would be another process than the one that must be ended.
    nsenter --target "$leader" --net -- "/proc/$leader/root/usr/bin/coroecho-client" --bench --mode "$mode" \
      --connections 8 --rate 500 --duration 1h --warmup 1ms --json 127.0.0.1 "$1" \
      >"$transcript.$mode" 2>"$transcript.errors" &
    load+=($!)
  done
  wait_for 10 journal 'coroecho*' '^client [0-9]{2,} connected' --since "@$load_since"
}

# Long enough for the echoes that lost_nothing asks for, however fast the upgrade was.
load_is_old_enough() {
  ((EPOCHSECONDS >= load_since + 3))
}

# load_loses_nothing: it ends.
load_loses_nothing() {
  wait_for 10 load_is_old_enough
  kill -INT "${load[@]}"
  wait "${load[@]}" || true # what it printed is judged
  "$here/../lost_nothing" "$transcript.pingpong" && "$here/../lost_nothing" "$transcript.churn"
}

watchdog_fed_since() {
  ! is coroecho WatchdogTimestampMonotonic "$1"
}

promise 'the first version is installed' is_installed coroecho.deb
edited='# Mine.
port: 8899'
printf '%s\n' "$edited" | configure
inside systemctl restart coroecho
process=$(property coroecho MainPID)
hold 127.0.0.1 8899
held_echoes before || broken 'no echo before the upgrade' evidence
begin_load 8899
install newer
promise 'an upgrade installs the new version' is_installed newer.deb
promise 'an edited configuration survives it' test "$(inside cat /etc/coroecho/coroecho.yaml)" = "$edited"
promise 'the same process runs the new program, and is active' upgraded coroecho "$process"
promise 'the journal says how many connections it has kept' \
  wait_for 5 journal coroecho '^upgraded to coroecho [0-9.]+, [0-9]+ connections kept$'
promise 'a connected client is kept' held_echoes 'after the upgrade'
promise 'no client of coroecho-client --bench has noticed' load_loses_nothing

inside systemctl kill -s RTMIN coroecho
promise 'systemctl kill -s RTMIN coroecho does the same' \
  wait_for 10 journal coroecho '^upgraded to coroecho [0-9.]+, 1 connections? kept$'
promise 'in the same process' wait_for 10 upgraded coroecho "$process"
promise 'and keeps the client, too' held_echoes 'after the signal'
promise 'systemctl status has live figures' wait_for 10 status_counts 1
promise 'it is as little privileged as before' runs_without_privileges
# The first message is sent at once, so this is a later one.
promise 'the watchdog is fed' wait_for 10 watchdog_fed_since "$(property coroecho WatchdogTimestampMonotonic)"
release

inside systemctl disable --quiet --now coroecho
inside systemctl enable --quiet --now coroecho.socket
hold 127.0.0.1 7
held_echoes before || broken 'no echo at port 7' evidence
process=$(property coroecho MainPID)
exchange
promise 'with sockets of systemd, too, the same process runs the other program' upgraded coroecho "$process"
promise 'keeps a client' held_echoes 'after the upgrade'
promise 'and serves the sockets' echoes ::1 7
release
inside systemctl disable --quiet --now coroecho.socket
inside systemctl stop coroecho

inside systemctl start coroecho@{1,2}.service
processes=("$(property coroecho@1 MainPID)" "$(property coroecho@2 MainPID)")
begin_load 8899
exchange
promise 'of two instances on one port each goes on with the new program' upgraded coroecho@1 "${processes[0]}"
promise 'the other, too' upgraded coroecho@2 "${processes[1]}"
promise 'and none of their clients has noticed' load_loses_nothing
promise 'the service that was disabled stays disabled, and down' \
  test "$(inside systemctl is-enabled coroecho) $(inside systemctl is-active coroecho)" = 'disabled inactive'
inside systemctl stop 'coroecho@*.service'
inside systemctl enable --quiet --now coroecho
