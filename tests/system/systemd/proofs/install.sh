# apt-get install, and what is there afterwards.
# shellcheck shell=bash

conffile_is_marked() {
  # shellcheck disable=SC2016 # dpkg-query's variable
  [[ $(inside dpkg-query -W -f '${Conffiles}' coroecho) == *' /etc/coroecho/coroecho.yaml '* ]]
}

files_are_there() {
  local file
  for file in usr/bin/coroecho usr/bin/coroecho-client etc/coroecho/coroecho.yaml etc/logrotate.d/coroecho \
    lib/systemd/system/coroecho{.service,@.service,.socket} usr/share/man/man8/coroecho.8.gz usr/share/man/man5/coroecho.yaml.5.gz \
    usr/share/man/man1/coroecho-client.1.gz usr/share/bash-completion/completions/coroecho{,-client} \
    usr/share/zsh/vendor-completions/_coroecho{,-client} \
    usr/share/doc/coroecho{,-client}/{copyright,changelog.gz,changelog.Debian.gz} \
    usr/share/doc/coroecho/coroecho.spdx.json usr/share/doc/coroecho-client/coroecho-client.spdx.json; do
    inside test -s "/$file" || broken "The packages have no $file." inside dpkg -L coroecho coroecho-client
  done
}

# rated_at_most TENTHS UNIT
rated_at_most() {
  inside systemd-analyze --no-pager --threshold="$1" security "$2" >/dev/null
}

units_are_right() {
  local findings
  findings=$(inside systemd-analyze --man=no verify coroecho.service coroecho@1.service coroecho.socket 2>&1)
  [[ -z $findings ]] || broken "$findings"
}

install coroecho coroecho-client
inside cp /etc/coroecho/coroecho.yaml /packages/coroecho.yaml

promise 'the packages have programs, configuration, units, manual pages, completions, copyright, changelogs, bills of materials' files_are_there
promise 'the configuration is a conffile' conffile_is_marked
promise 'installing them enables the service' inside systemctl --quiet is-enabled coroecho
promise 'and starts it' is coroecho ActiveState active
promise 'the socket and the instances wait for the administrator' \
  test "$(inside systemctl is-enabled coroecho.socket coroecho@1.service)" = $'disabled\ndisabled'
promise 'systemd-analyze security rates the service at most 1.5' rated_at_most 15 coroecho.service
promise 'and an instance as well' rated_at_most 15 coroecho@1.service
promise 'systemd-analyze verify finds nothing wrong with the units' units_are_right
