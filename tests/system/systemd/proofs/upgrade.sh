# A package of a higher version, over an edited configuration.
# shellcheck shell=bash

# is_installed PACKAGE: that version of it.
is_installed() {
  # shellcheck disable=SC2016 # dpkg-query's variable
  [[ $(inside dpkg-query -W -f '${Version}' coroecho) == $(inside dpkg-deb -f "/packages/$1" Version) ]]
}

promise 'the first version is installed' is_installed coroecho.deb
edited='# Mine.
port: 8899'
printf '%s\n' "$edited" | configure
inside systemctl restart coroecho
process=$(property coroecho MainPID)
install newer.deb

promise 'an upgrade installs the new version' \
  is_installed newer.deb
promise 'an edited configuration survives it' test "$(inside cat /etc/coroecho/coroecho.yaml)" = "$edited"
promise 'the service runs again, as a new process' restarted "$process" 8899

inside systemctl disable --quiet --now coroecho
inside apt-get -q -y install --reinstall /packages/newer.deb >"$transcript" 2>&1 ||
  broken 'apt-get install --reinstall' cat "$transcript"
promise 'one that was disabled stays disabled, and down' \
  test "$(inside systemctl is-enabled coroecho) $(inside systemctl is-active coroecho)" = 'disabled inactive'
inside systemctl enable --quiet --now coroecho
