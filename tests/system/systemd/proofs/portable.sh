# As a portable service: a folder with the package, its libraries and a shell is attached, and nothing is installed.
# shellcheck shell=bash

portable=/var/lib/portables/coroecho

# The reload of the unit needs the shell; systemd mounts its own files over the empty ones.
make_portable() {
  # shellcheck disable=SC2016 # for the shell inside
  inside sh -ec 'cd /
    mkdir -p "$0"/usr/bin "$0"/usr/lib "$0"/usr/lib64 "$0"/etc "$0"/proc "$0"/sys "$0"/dev "$0"/run "$0"/tmp "$0"/var/tmp
    ln -s usr/bin usr/lib usr/lib64 "$0"
    dpkg-deb --fsys-tarfile /packages/coroecho.deb | tar -x -C "$0" --keep-directory-symlink
    cp /bin/sh "$0/bin"
    cp -L --parents etc/os-release "$0"
    touch "$0/etc/resolv.conf" "$0/etc/machine-id"
    ldd /bin/sh "$0/usr/bin/coroecho" | grep -o "\s/[^ ]*" | sort -u | xargs cp -L --parents -t "$0"' "$portable"
}

answers() {
  beside python3 -c 'import socket
with socket.create_connection(("127.0.0.1", 8888), 5) as client:
    client.sendall(b"x")
    assert client.recv(1) == b"x"'
}

inside apt-get -q -y --no-install-recommends install systemd-container >"$transcript" 2>&1 || broken 'apt-get install systemd-container' cat "$transcript"
promise 'a folder with the package and its libraries is made' make_portable
promise 'portablectl attaches and starts it' inside portablectl --quiet attach --enable --now coroecho coroecho.service
promise 'as the unit that it has' is coroecho RootDirectory "$portable"
promise 'and it serves' wait_for 10 answers
promise 'in the sandbox of the unit' runs_without_privileges
promise 'systemctl reload works' inside systemctl reload coroecho
promise 'portablectl detaches it' inside portablectl --quiet detach --enable --now coroecho coroecho.service
promise 'and it is gone' wait_for 10 refuses 127.0.0.1 8888
