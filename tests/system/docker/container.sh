# Sourced: one container.
# shellcheck shell=bash

published=127.0.0.1:8888:8888

check_image() {
  local size version
  size=$(docker image inspect -f '{{.Size}}' coroecho)
  ((size < 20000000)) || fail "The image has $size bytes."
  ok "the image has $((size / 1000000)).$((size / 100000 % 10)) MB"
  version=$(docker run --rm coroecho --version)
  [[ $version == "coroecho $(docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.version"}}' coroecho)" ]] ||
    fail "The image's label is not of '$version'."
  ok "its label has the version of its program"
}

check_container() {
  start one -p "$published" coroecho
  wait_until 10 echoes 127.0.0.1 8888
  ok "a container echoes through its published port"
  wait_until 5 said one 'disconnected: closed by client (1048576 bytes in, 1048576 bytes out'
  said one 'listening on [::]:8888' || fail "It does not listen on all addresses."
  ok "its log is on standard output"
  docker rm -f one >/dev/null

  start one --sysctl net.ipv6.conf.all.disable_ipv6=0 coroecho
  wait_until 10 said one listening
  nsenter -t "$(told one .State.Pid)" -n "$client" ::1 <<<hello >/dev/null || fail "It does not serve IPv6."
  docker rm -f one >/dev/null
  ok "in a network with IPv6 it serves that too"

  # socket(AF_INET6, ...) fails as it does where the kernel has no IPv6.
  cat >"$work/no_ipv6.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97,
 "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_EQ"}]}]}
JSON
  start one --security-opt "seccomp=$work/no_ipv6.json" -p "$published" coroecho
  wait_until 10 echoes 127.0.0.1 8888
  said one 'listening on 0.0.0.0:8888' || fail "It listens on something else than IPv4."
  ok "it serves IPv4 where there is no IPv6"
  docker rm -f one >/dev/null
}

# Returns a datagram of 64 bytes through the published port. Some time passes until Docker passes datagrams on, so it repeats.
returns_datagrams() {
  python3 -c 'import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.settimeout(0.5)
    udp.connect(("127.0.0.1", 8888))
    udp.send(bytes(range(64)))
    assert udp.recv(100) == bytes(range(64))'
}

check_datagrams() {
  start one -p "$published/udp" -e COROECHO_UDP_PORT=8888 -e COROECHO_UDP_ALLOW=0.0.0.0/0,::/0 coroecho
  wait_until 10 returns_datagrams
  docker rm -f one >/dev/null
  ok "a container echoes datagrams through its published port"
}

check_lockdown() {
  start one --read-only --cap-drop ALL --security-opt no-new-privileges -p "$published" coroecho
  wait_until 10 echoes 127.0.0.1 8888
  local status
  status=$(cat "/proc/$(told one .State.Pid)/status")
  grep -qP '^Uid:\t65532\t65532\t65532\t65532$' <<<"$status" || fail "It does not run as user 65532."
  grep -qP '^CapPrm:\t0+$' <<<"$status" || fail "It has capabilities."
  grep -qP '^NoNewPrivs:\t1$' <<<"$status" || fail "It may gain privileges."
  docker rm -f one >/dev/null
  ok "it runs read-only, without capabilities, as a user that is not root"
}

check_health() {
  start one --health-interval 1s --health-retries 2 coroecho
  wait_until 20 told_is one .State.Health.Status healthy
  ok "it turns healthy"
  quietly docker kill -s STOP one
  wait_until 30 told_is one .State.Health.Status unhealthy
  ok "when the service is stuck it turns unhealthy"
  quietly docker kill -s CONT one
  wait_until 20 told_is one .State.Health.Status healthy
  ok "it turns healthy again"
  docker rm -f one >/dev/null

  start one --health-interval 1s --health-retries 2 -e COROECHO_HOST=127.0.0.2 -e COROECHO_LIMITS_MAX_CONNECTIONS=1 \
    coroecho --port 7
  wait_until 20 told_is one .State.Health.Status healthy
  ok "it is healthy on whatever address and port it listens"
  docker rm -f one >/dev/null
}

# The service is PID 1 there. The other program is a copy of the same, but another file.
check_upgrade() {
  local pid answer=''
  start one -p "$published" coroecho
  wait_until 10 echoes 127.0.0.1 8888
  pid=$(told one .State.Pid)
  coproc held { exec "$client" 127.0.0.1 8888; }
  # shellcheck disable=SC2154 # held_PID: coproc's
  local connected=$held_PID
  printf 'before\n' >&"${held[1]}"
  IFS= read -r -t 10 answer <&"${held[0]}" && [[ $answer == before ]] || fail "No echo before the upgrade: '$answer'."
  quietly docker cp one:/usr/bin/coroecho "$work/coroecho"
  quietly docker cp "$work/coroecho" one:/usr/bin/coroecho
  quietly docker kill --signal=SIGRTMIN one
  wait_until 10 said one ', 1 connections kept'
  [[ $(readlink "/proc/$pid/exe") != *deleted* ]] || fail "It does not run the new program."
  ok "as PID 1 it goes on with the program that docker cp has put there"
  printf 'after\n' >&"${held[1]}"
  IFS= read -r -t 10 answer <&"${held[0]}" && [[ $answer == after ]] || fail "No echo after the upgrade: '$answer'."
  ok "a client of the published port stays connected"
  exec {held[1]}>&-
  wait "$connected"
  docker rm -f one >/dev/null
}

# As docker stop does; what the docker command itself takes is not counted.
check_stopping() {
  local pid since took
  start one coroecho
  wait_until 10 said one listening
  pid=$(told one .State.Pid)
  since=$(date +%s%N)
  kill -TERM "$pid"
  while [[ -e /proc/$pid ]]; do
    sleep 0.01
  done
  took=$((($(date +%s%N) - since) / 1000000))
  ((took < 1000)) || fail "It took $took ms to stop."
  wait_until 10 told_is one .State.Status exited
  told_is one .State.ExitCode 0 || fail "It ended with $(told one .State.ExitCode)."
  docker rm one >/dev/null
  ok "idle, it stops within $took ms of SIGTERM, with 0"
}

check_client() {
  start one --network host coroecho
  wait_until 10 said one listening
  local answer
  answer=$(docker run --rm -i --network host --entrypoint coroecho-client coroecho <<<hello)
  [[ $answer == hello ]] || fail "The image's client got '$answer'."
  ok "the image's client echoes in a pipe"
  expect "$here/interactive.exp" || fail "The image's client cannot be talked to in a terminal."
  ok "the image's client has a prompt in a terminal"
  docker rm -f one >/dev/null
}
