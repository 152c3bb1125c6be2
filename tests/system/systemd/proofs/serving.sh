# systemctl start, an echo, and what the journal and the status keep of it.
# shellcheck shell=bash

# With a service that is active before it listens, one of these comes too early.
listens_when_active() {
  for _ in {1..10}; do
    inside systemctl stop coroecho
    inside systemctl start coroecho
    echoes 127.0.0.1 8888 || return
  done
}

start_fails() {
  ! inside systemctl start coroecho 2>/dev/null
}

# logged_as PRIORITY PATTERN
logged_as() {
  journal coroecho "$2" -p "$1..$1"
}

promise 'it is active only after it listens: ten starts, each with an echo at once' listens_when_active

inside systemctl stop coroecho
inside systemd-run --quiet --unit=somebody /usr/bin/coroecho --port 8888
wait_for 10 echoes 127.0.0.1 8888 || broken 'somebody else does not listen' evidence
promise 'where somebody else has the port, to start it fails' start_fails
promise 'with exit status 69' wait_for 5 journal coroecho 'code=exited, status=69'
inside systemctl stop somebody
promise 'and it comes up by itself when the port is free' wait_for 20 is coroecho ActiveState active

hold 127.0.0.1 8888
promise 'it echoes' held_echoes 'one two three'
promise 'systemctl status has live figures' wait_for 10 status_counts 1
release
promise 'that change' wait_for 10 status_counts 0
promise 'the journal has the connection, as information' \
  wait_for 5 logged_as info '^client [0-9]+ connected from 127\.0\.0\.1:[0-9]+, on 127\.0\.0\.1:[0-9]+$'
promise 'what was received' wait_for 5 logged_as info '^client [0-9]+ received 14 bytes: "one two three\\n"$'
promise 'the disconnection' wait_for 5 logged_as info '^client [0-9]+ disconnected: closed by client'
promise 'and that it could not listen, as critical' logged_as crit 'cannot listen on 127\.0\.0\.1.*8888'
promise 'it runs without privileges, as a user of its own' runs_without_privileges
