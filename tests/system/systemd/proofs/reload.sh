# systemctl reload, with a right and with a wrong configuration.
# shellcheck shell=bash

reload_fails() {
  ! inside systemctl reload coroecho 2>/dev/null
}

main_process=$(property coroecho MainPID)
hold 127.0.0.1 8888
held_echoes before || broken 'no echo before the reload' evidence

printf 'log: {payload: 0}\nlimits: {max_connections: 77}\n' | configure
promise 'systemctl reload succeeds' inside systemctl reload coroecho
promise 'it is active again afterwards' wait_for 10 is coroecho ActiveState active
promise 'a connected client is kept' held_echoes 'after the reload'
promise 'the new configuration is in force' wait_for 5 journal coroecho '^client [0-9]+ received 17 bytes$'

printf 'log:\n  payload: lots\n' | configure
promise 'to reload a wrong configuration fails' reload_fails
promise 'the journal has its file, line and key' \
  wait_for 5 journal coroecho "/etc/coroecho/coroecho.yaml:2: key 'log.payload'"
promise 'a client is kept then, too' held_echoes 'after the failed reload'
promise 'all of that in one process' is coroecho MainPID "$main_process"
release
default_configuration
inside systemctl reload coroecho
