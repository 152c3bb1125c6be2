# Socket activation: port 7 without privileges, and restarts that refuse nobody.
# shellcheck shell=bash

restart_under_load() {
  local load figures
  # This machine's python3, which enters the container's network and reaches the Unix socket by its root. A function
  # around it would be another process than the one that must be ended.
  nsenter --target "$leader" --net -- \
    python3 "$here/connect_load.py" "/proc/$leader/root/run/coroecho.socket" >"$transcript" &
  load=$!
  for _ in {1..20}; do
    inside systemctl restart coroecho
  done
  kill "$load"
  wait "$load"
  figures=$(cat "$transcript")
  printf '    %s\n' "$figures"
  [[ $figures == *' 0 refused,'* && $figures == *' 0 failed'* ]]
}

inside systemctl disable --quiet --now coroecho
inside systemctl enable --quiet --now coroecho.socket
promise 'systemd listens before the service runs' is coroecho ActiveState inactive
promise 'port 7: the first client starts the service, and gets its echo' echoes 127.0.0.1 7
promise 'over IPv6, too' echoes ::1 7
promise 'it still has no privileges' runs_without_privileges
promise 'twenty restarts under load, TCP and Unix: not one connection refused' restart_under_load

# A datagram to port 7 of the container comes back.
returns_a_datagram() {
  beside python3 -c 'import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.settimeout(10)
    udp.connect(("127.0.0.1", 7))
    udp.send(b"hello")
    assert udp.recv(64) == b"hello"'
}

inside systemctl stop coroecho coroecho.socket
inside mkdir -p /etc/systemd/system/coroecho.socket.d
printf '[Socket]\nListenDatagram=7\n' | inside tee /etc/systemd/system/coroecho.socket.d/udp.conf >/dev/null
inside systemctl daemon-reload
inside systemctl start coroecho.socket
promise 'with ListenDatagram=7 systemd listens for UDP, too' is coroecho ActiveState inactive
promise 'the first datagram starts the service, and comes back' returns_a_datagram
promise 'over TCP it serves as before' echoes 127.0.0.1 7
inside rm -r /etc/systemd/system/coroecho.socket.d
inside systemctl daemon-reload
inside systemctl disable --quiet --now coroecho.socket
inside systemctl stop coroecho
promise 'without the socket unit nothing is left at port 7' refuses 127.0.0.1 7
promise 'nor of the Unix socket' test ! -e "/proc/$leader/root/run/coroecho.socket"
inside systemctl enable --quiet --now coroecho
