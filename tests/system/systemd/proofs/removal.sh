# Remove, install again, purge.
# shellcheck shell=bash

inside systemctl enable --quiet --now coroecho.socket coroecho@1.service || true
remove remove coroecho
promise 'removing it stops the service' refuses 127.0.0.1 8899
promise 'and the socket, and the instances' \
  test -z "$(inside systemctl list-units --no-legend --all --state=active 'coroecho*')"
promise 'an edited configuration survives that' test "$(inside cat /etc/coroecho/coroecho.yaml)" = "$edited"
install newer
promise 'and is in force when it is installed again' echoes 127.0.0.1 8899
remove purge coroecho coroecho-client
promise 'purging both stops the service' refuses 127.0.0.1 8899
promise 'and leaves nothing' test -z "$(leftovers)"
