# systemctl stop while something received has not gone back yet.
# shellcheck shell=bash

printf 'faults: {delay: 2s}\n' | configure
inside systemctl restart coroecho
hold 127.0.0.1 8888
printf 'last words\n' >&"$held_input"
wait_for 10 journal coroecho 'received 11 bytes: "last words' || broken 'the bytes did not arrive' evidence
inside systemctl stop coroecho &
stopping=$!
IFS= read -r -t 20 answer <&"$held_output" || answer=nothing
promise 'stopping drains: what was received goes back first' test "$answer" = 'last words'
release || true
wait "$stopping"
promise 'and then it has stopped, in order' is coroecho Result success
promise 'with exit status 0' is coroecho ExecMainStatus 0
promise 'and is down' is coroecho ActiveState inactive
default_configuration
inside systemctl start coroecho
