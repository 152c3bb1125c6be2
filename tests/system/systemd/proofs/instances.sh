# Several instances share a port, and the clients.
# shellcheck shell=bash

clients=400

# How many clients the instance has served.
served() {
  inside journalctl --no-pager -q -o cat -u "coroecho@$1" | grep -c ' connected from '
}

shared() {
  local instance share shares=() sum=0
  for instance in {1..4}; do
    share=$(served "$instance") || return
    # A quarter each, give or take chance: 12 % is below six standard deviations.
    ((share * 100 >= 12 * clients)) || return
    shares+=("$share")
    ((sum += share))
  done
  printf '    %s\n' "${shares[*]}"
  ((sum == clients))
}

inside systemctl disable --quiet --now coroecho
promise 'four instances start on one port' inside systemctl start coroecho@{1..4}.service
promise 'all of them are active' \
  test "$(inside systemctl is-active coroecho@{1..4}.service | sort -u)" = active
beside python3 -c "import socket
for _ in range($clients):
    with socket.create_connection(('127.0.0.1', 8888), 10) as client:
        client.sendall(b'x')
        assert client.recv(1) == b'x'"
promise "and share $clients clients, each about a quarter" wait_for 10 shared
inside systemctl stop 'coroecho@*.service'
inside systemctl enable --quiet --now coroecho
