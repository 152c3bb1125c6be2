# The packages: the client alone, and an upgrade from the package of 1.0.0, in which service and client were one.
# shellcheck shell=bash

# install NAME...
install() {
  local packages=("${@/#//packages/}")
  inside apt-get -q -y install "${packages[@]/%/.deb}" >"$transcript" 2>&1 || broken "apt-get install $*" cat "$transcript"
}

# remove COMMAND PACKAGE...
remove() {
  inside apt-get -q -y "$@" >"$transcript" 2>&1 || broken "apt-get $*" cat "$transcript"
}

# Files with the package's name, except the notes of apt-get and dpkg, and the journal.
leftovers() {
  inside find / -xdev \( -path /proc -o -path /sys -o -path /packages -o -path /var/cache/apt -o -path /var/log/apt \) \
    -prune -o -name '*coroecho*' -print
}

# belongs_to PACKAGE FILE
belongs_to() {
  [[ $(inside dpkg --search "$2") == "$1: $2" ]]
}

client_runs() {
  [[ $(inside coroecho-client --version) == 'coroecho-client '* ]]
}

install coroecho-client
promise 'the client alone can be installed' client_runs
promise 'with no unit' test -z "$(inside systemctl list-unit-files --no-legend 'coroecho*')"
promise 'no user' test -z "$(inside getent passwd coroecho)"
promise 'no configuration, and nothing that runs at its installation' \
  test -z "$(inside dpkg --listfiles coroecho-client | grep -e ^/etc -e systemd)$(inside dpkg-query --control-list coroecho-client | grep -v md5sums)"
promise 'and nothing listens' refuses 127.0.0.1 8888
remove purge coroecho-client

install single
promise 'the package of 1.0.0 has the client' belongs_to coroecho /usr/bin/coroecho-client
process=$(property coroecho MainPID)
install coroecho coroecho-client
promise 'an upgrade gives the client its own package' belongs_to coroecho-client /usr/bin/coroecho-client
promise 'with its manual page' belongs_to coroecho-client /usr/share/man/man1/coroecho-client.1.gz
promise 'and all files are as they were packed' inside dpkg --verify coroecho coroecho-client
promise 'the service runs on, in the same process' is coroecho MainPID "$process"
remove purge coroecho coroecho-client
promise 'purging both leaves nothing' test -z "$(leftovers)"
