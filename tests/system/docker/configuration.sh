# Sourced: the ways to configure a container.
# shellcheck shell=bash

check_configuration() {
  printf 'port: 9999\nlog: {format: json}\n' >"$work/my.yaml"
  chmod a+r "$work/my.yaml"
  local mount=$work/my.yaml:/etc/coroecho/coroecho.yaml
  start one -v "$mount" -p 127.0.0.1:8888:9999 coroecho
  wait_until 10 echoes 127.0.0.1 8888
  said one '"event":"connect"' || fail "The mounted file's log.format is not in force."
  docker rm -f one >/dev/null
  ok "a mounted file configures it"

  start one -v "$mount" -e COROECHO_PORT=7777 -e COROECHO_LIMITS_IDLE_TIMEOUT=300ms --health-interval 1s \
    -p 127.0.0.1:8888:7777 coroecho
  wait_until 10 echoes 127.0.0.1 8888
  # A client that says nothing.
  (exec 3<>/dev/tcp/127.0.0.1/8888 && cat <&3 >/dev/null)
  wait_until 5 said one '"reason":"idle timeout"'
  ok "the environment configures it, and beats the file"
  wait_until 20 told_is one .State.Health.Status healthy
  docker rm -f one >/dev/null

  start one -e COROECHO_PORT=7777 -p 127.0.0.1:8888:7 coroecho --port 7
  wait_until 10 echoes 127.0.0.1 8888
  docker rm -f one >/dev/null
  ok "arguments go to the service and beat the environment, and port 7 needs no root"

  printf '# mine\nprot: 7\n' >"$work/my.yaml"
  local status=0
  docker run --name one -v "$mount" coroecho >/dev/null 2>&1 || status=$?
  ((status == 78)) || fail "A bad configuration exits with $status."
  said one "/etc/coroecho/coroecho.yaml:2: key 'prot': is unknown, did you mean 'port'" ||
    fail "The log of a bad configuration says: $(docker logs one 2>&1)"
  docker rm one >/dev/null
  ok "a bad file exits with 78, and its log has file, line and key"

  status=0
  docker run --name one -e COROECHO_REUSE_PORT=maybe coroecho >/dev/null 2>&1 || status=$?
  ((status == 64)) || fail "A bad variable exits with $status."
  said one 'COROECHO_REUSE_PORT: found "maybe"' || fail "The log of a bad variable says: $(docker logs one 2>&1)"
  docker rm one >/dev/null
  ok "a bad variable exits with 64, and its log has its name"
}
