# Remove, install again, purge.
# shellcheck shell=bash

remove() {
  inside apt-get -q -y "$@" coroecho >"$transcript" 2>&1 || broken "apt-get $*" cat "$transcript"
}

# Files with the package's name, except the notes of apt-get and dpkg, and the journal.
leftovers() {
  inside find / -xdev \( -path /proc -o -path /sys -o -path /packages -o -path /var/cache/apt -o -path /var/log/apt \) \
    -prune -o -name '*coroecho*' -print
}

inside systemctl enable --quiet --now coroecho.socket coroecho@1.service || true
remove remove
promise 'removing it stops the service' refuses 127.0.0.1 8899
promise 'and the socket, and the instances' \
  test -z "$(inside systemctl list-units --no-legend --all --state=active 'coroecho*')"
promise 'an edited configuration survives that' test "$(inside cat /etc/coroecho/coroecho.yaml)" = "$edited"
install newer.deb
promise 'and is in force when it is installed again' echoes 127.0.0.1 8899
remove purge
promise 'purging it stops the service' refuses 127.0.0.1 8899
promise 'and leaves nothing' test -z "$(leftovers)"
