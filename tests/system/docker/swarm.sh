# Sourced: the same file as the stack of a Swarm, which has one machine here.
# shellcheck shell=bash

# Of those that run, the containers of the stack's service.
servers_of_the_stack() {
  docker ps -q --filter label=com.docker.swarm.service.name=echo_server --filter health=healthy
}

replicas_are() {
  (($(servers_of_the_stack | wc -l) == $1))
}

is_gone() {
  ! servers_of_the_stack | grep -qF "$1"
}

nothing_runs() {
  [[ -z $(docker ps -q) ]]
}

check_swarm() {
  local victim count client_under_load
  quietly docker swarm init --advertise-addr 127.0.0.1
  quietly docker stack deploy --resolve-image never -c "$root/docker/compose.yaml" echo
  wait_until 60 replicas_are 3
  wait_until 30 echoes 127.0.0.1 8888
  ok "the same file deploys as the stack of a Swarm, with three healthy replicas"

  victim=$(servers_of_the_stack | head -n 1)
  quietly docker kill "$victim"
  for ((count = 0; count < 20; ++count)); do
    echoes 127.0.0.1 8888 || fail "After the kill of one replica echo $count was lost."
  done
  ok "after the kill of one replica the others serve"
  wait_until 10 is_gone "$victim"
  wait_until 60 replicas_are 3
  ok "and a third one takes its place"

  "$client" 127.0.0.1 8888 "${load[@]}" >"$work/load.json" 2>"$work/load.errors" &
  client_under_load=$!
  quietly docker service update --force --detach=false echo_server
  kill -INT "$client_under_load"
  wait "$client_under_load" || true # what it printed is judged
  lost_nothing "$work/load.json" || fail "Echoes were lost: $(cat "$work"/load.{json,errors})"
  ok "an update of the service, replica by replica and the new one first, loses no echo under load"
  quietly docker stack rm echo
  wait_until 60 nothing_runs
}
