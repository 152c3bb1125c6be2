# TLS in the sandbox, with the key where Debian keeps keys: the group ssl-cert may read it, as the README of systemd/ has it.
# shellcheck shell=bash

certificate=/etc/ssl/certs/coroecho.pem
key=/etc/ssl/private/coroecho.key

# put FILE GROUP MODE: what stands on the input.
put() {
  inside sh -c "cat >$1.new && chgrp $2 $1.new && chmod $3 $1.new && mv $1.new $1"
}

# new_pair NAME: with a subject of that name.
new_pair() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$transcript.key" -out "$transcript.pem" 2>"$transcript" ||
    broken "No certificate can be made." cat "$transcript"
  put "$certificate" root 644 <"$transcript.pem"
  put "$key" ssl-cert 640 <"$transcript.key"
}

# tls_echoes: the client verifies, so the service has the certificate that is installed.
tls_echoes() {
  [[ $(printf 'hello\n' | inside coroecho-client --tls --ca "$certificate" --timeout 20s 127.0.0.1 8443) == hello ]]
}

inside groupadd --system --force ssl-cert
inside install -d /etc/ssl/certs
inside install -d -m 710 -g ssl-cert /etc/ssl/private
new_pair first
printf 'tls:\n  port: 8443\n  certificate: %s\n  key: %s\n' "$certificate" "$key" | configure
promise 'to reload a configuration with a key that the user may not read fails' reload_fails
promise 'with one line that names file, line, key and the reason' \
  wait_for 5 journal coroecho "^coroecho: /etc/coroecho/coroecho.yaml:4: key 'tls.key': $key: cannot open: Permission denied$"
promise 'and the service goes on without TLS' echoes 127.0.0.1 8888

inside mkdir -p /etc/systemd/system/coroecho.service.d
printf '[Service]\nSupplementaryGroups=ssl-cert\n' | put /etc/systemd/system/coroecho.service.d/tls.conf root 644
inside systemctl daemon-reload
promise 'with the group ssl-cert it starts' inside systemctl restart coroecho
promise 'and echoes over TLS' tls_echoes
promise 'as little privileged as before' runs_without_privileges
promise 'systemd-analyze security rates it at most 1.5' rated_at_most 15 coroecho.service

process=$(property coroecho MainPID)
hold --tls --ca "$certificate" 127.0.0.1 8443
held_echoes before || broken 'no echo over TLS before the reload' evidence
new_pair second
promise 'systemctl reload takes a new pair' inside systemctl reload coroecho
promise 'which the next client verifies' wait_for 10 tls_echoes
promise 'a client of the old one is kept' held_echoes 'after the reload'
put "$key" root 600 <"$transcript.key"
promise 'to reload a key that it may not read any more fails' reload_fails
promise 'and the pair in force stays' tls_echoes
promise 'all of that in one process' is coroecho MainPID "$process"
release

promise 'it does not start with such a key' restart_fails
promise 'which is a wrong configuration' is coroecho ExecMainStatus 78
default_configuration
inside rm -r /etc/systemd/system/coroecho.service.d "$certificate" "$key"
inside systemctl daemon-reload
inside systemctl restart coroecho
