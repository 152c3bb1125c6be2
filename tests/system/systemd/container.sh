# Sourced by prove: a container with systemd as PID 1, on a throw-away overlay of a tree, with a network of its own in
# which there is nothing but loopback.
# shellcheck shell=bash

leader=''  # the container's systemd
nspawn=''
transcript=''  # the output of the command that is running

# Runs a command in the container.
inside() {
  nsenter --target "$leader" --all -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive SYSTEMD_PAGER= "$@"
}

# Runs a program of this machine in the container's network.
beside() {
  nsenter --target "$leader" --net -- "$@"
}

# apt_get FOLDER ARGUMENT...: before it has booted, with this machine's network.
apt_get() {
  chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "${@:2}"
}

# The dependencies are fetched now, for there is no network later; what is in CACHE is not fetched again.
fetch_dependencies() {
  local system=$1 download=(install --download-only /packages/coroecho.deb /packages/coroecho-client.deb systemd-container)
  cp -L /etc/resolv.conf "$system/etc/resolv.conf"
  ! apt_get "$system" "${download[@]}" >>"$transcript" 2>&1 || return 0
  apt_get "$system" update -o APT::Update::Error-Mode=any >>"$transcript" 2>&1 ||
    cannot "Debian's package lists cannot be fetched." cat "$transcript"
  apt_get "$system" "${download[@]}" >>"$transcript" 2>&1 ||
    broken "The dependencies cannot be fetched." cat "$transcript"
}

# The container's PID 1 is nspawn's only child.
find_leader() {
  leader=$(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null) || true
  leader=${leader%% *}
  [[ -n $leader ]] && grep -qs '^NSpid:.*\s1$' "/proc/$leader/status"
}

booted() {
  local state
  # "degraded" when one of Debian's own units cannot work in a container.
  state=$(inside systemctl is-system-running 2>/dev/null) || true
  [[ $state == running || $state == degraded ]]
}

# boot TREE PACKAGES CACHE: nothing of ours is at work in it, so what fails is forbidden on this machine.
boot() {
  local memory=$2/memory system=$2/system options=(--register=no)
  transcript=$2/transcript
  mkdir -p "$memory" "$system" "$3/partial"
  mount -t tmpfs tmpfs "$memory" || cannot "A tmpfs cannot be mounted."
  mkdir "$memory/upper" "$memory/work"
  mount -t overlay -o "lowerdir=$1,upperdir=$memory/upper,workdir=$memory/work" overlay "$system" ||
    cannot "An overlay cannot be mounted."
  # The proofs make more connections in a moment than the journal takes lines of one service.
  mkdir -p "$system/etc/systemd/journald.conf.d"
  printf '[Journal]\nRateLimitIntervalSec=0\n' >"$system/etc/systemd/journald.conf.d/no_limit.conf"
  mkdir "$system/packages"
  cp "$2"/*.deb "$system/packages"
  mount --bind "$3" "$system/var/cache/apt/archives"
  fetch_dependencies "$system"
  # If this machine runs systemd too, that gives the container its cgroup.
  [[ -d /run/systemd/system ]] || options+=(--keep-unit)
  systemd-nspawn --quiet --directory="$system" --boot --private-network --console=pipe "${options[@]}" \
    </dev/null >>"$transcript" 2>&1 &
  nspawn=$!
  trap shut_down EXIT
  wait_for 30 find_leader || cannot "systemd-nspawn did not start." cat "$transcript"
  wait_for 60 booted || cannot "The container did not boot." cat "$transcript"
}

shut_down() {
  local status=$?
  # SIGTERM asks nspawn to power the container off; where that takes too long, its PID 1 takes everything with it.
  kill "$nspawn" 2>/dev/null || true
  wait_for 20 gone "$nspawn" || kill -KILL "$leader" 2>/dev/null || true
  # Whatever else runs; what ran inside has ended.
  kill $(jobs -p) 2>/dev/null || true
  wait
  exit "$status"
}

gone() {
  ! grep -qs '^State:\s[^Z]' "/proc/$1/status"
}
