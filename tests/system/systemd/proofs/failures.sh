# A wrong configuration, a stuck process, a killed process.
# shellcheck shell=bash

restart_fails() {
  ! inside systemctl restart coroecho 2>/dev/null
}

status_shows() {
  { inside systemctl status --no-pager --full coroecho || true; } | grep -F -e "$1" >/dev/null
}

printf '# The key is limits.max_connections.\nlimits:\n  max_connection: 5\n' | configure
promise 'with a wrong configuration it does not start' restart_fails
promise 'systemctl status shows file, line and key' \
  status_shows "/etc/coroecho/coroecho.yaml:3: key 'limits.max_connection'"
promise 'it exits with 78' is coroecho ExecMainStatus 78
# Longer than RestartSec=, so that a loop would show.
sleep 3
promise 'it stays down: no restart loop' is coroecho ActiveState failed
promise 'not one restart' is coroecho NRestarts 0

default_configuration
inside systemctl restart coroecho
process=$(property coroecho MainPID)
inside sh -c "kill -s STOP $process"
promise 'a stuck process is restarted by the watchdog' wait_for 60 restarted "$process"
promise 'the journal says so' journal coroecho 'Watchdog timeout'

process=$(property coroecho MainPID)
inside sh -c "kill -s KILL $process"
promise 'a killed process is restarted' wait_for 20 restarted "$process"
