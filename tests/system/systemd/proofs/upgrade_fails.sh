# Upgrades of the package that do not go in place.
# shellcheck shell=bash

# goes_on_with_the_old PROCESS
goes_on_with_the_old() {
  is coroecho MainPID "$1" && is coroecho ActiveState active && ! runs_the_installed_program coroecho
}

ends_by_no_sigrtmin() {
  ! journal coroecho 'code=killed, status=34/'
}

process=$(property coroecho MainPID)
hold 127.0.0.1 8899
held_echoes before || broken 'no echo before the upgrade' evidence
printf 'log:\n  payload: lots\n' | configure
exchange
promise 'with a wrong configuration, with which it could not start, the old program goes on' goes_on_with_the_old "$process"
promise 'dpkg says so' grep -q 'coroecho.service goes on with the old program' "$transcript"
promise 'the journal has file, line and key' \
  journal coroecho "^not upgraded: .*/etc/coroecho/coroecho.yaml:2: key 'log.payload'"
promise 'the client is kept' held_echoes 'after the upgrade'
printf '%s\n' "$edited" | configure
inside systemctl kill -s RTMIN coroecho
promise 'when the configuration is mended the signal is enough' wait_for 10 upgraded coroecho "$process"
promise 'and the client is still there' held_echoes 'after the signal'
release

printf '#!/bin/sh\nexit 101\n' | inside tee /usr/sbin/policy-rc.d >/dev/null
inside chmod +x /usr/sbin/policy-rc.d
exchange
promise 'a policy against restarts is one against other programs' goes_on_with_the_old "$process"
inside rm /usr/sbin/policy-rc.d

# A program that starts, and refuses every state.
inside dpkg-divert --quiet --local --rename --add --divert /usr/bin/coroecho.real /usr/bin/coroecho
# shellcheck disable=SC2016 # of the script
printf '#!/bin/sh\ncase " $*" in *" --check-upgrade "*) exit 64 ;; esac\nexec /usr/bin/coroecho.real "$@"\n' |
  inside tee /usr/bin/coroecho >/dev/null
inside chmod +x /usr/bin/coroecho
exchange
promise 'where the program starts, but cannot take over, the service restarts' restarted "$process" 8899
inside rm /usr/bin/coroecho
inside dpkg-divert --quiet --local --rename --remove /usr/bin/coroecho

# A program that the signal would end, as it ends 1.0.0.
inside mkdir -p /run/systemd/system/coroecho.service.d
printf '[Service]\nType=exec\nExecStart=\nExecStart=/usr/bin/sleep infinity\n' |
  inside tee /run/systemd/system/coroecho.service.d/other.conf >/dev/null
inside systemctl daemon-reload
inside systemctl restart coroecho
process=$(property coroecho MainPID)
inside rm -r /run/systemd/system/coroecho.service.d
exchange
promise 'a program that knows nothing of upgrades is restarted' restarted "$process" 8899
promise 'and gets no signal that it does not know' ends_by_no_sigrtmin
