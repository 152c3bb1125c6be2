# Sourced by the scripts beside it: installs what is missing, configures and builds a CMake preset.
# Debian and its relatives are served by apt-get; on other systems the user installs the packages below.
# shellcheck shell=bash disable=SC2034

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")

# One requirement a word: NAME, NAME>=VERSION, and alternatives joined by "|", best first.
build_packages=(
  g++ cmake ninja-build pkg-config
  'libboost1.81-dev|libboost-dev>=1.81' 'libboost-context1.81-dev|libboost-context-dev>=1.81'
  libspdlog-dev libfmt-dev libyaml-cpp-dev libcli11-dev libedit-dev nlohmann-json3-dev libssl-dev
  scdoc
)
package_packages=(
  dpkg-dev lintian
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev liblua5.4-dev # libraries of the tests
  ncat socat netcat-openbsd openssl lua5.4 lua-socket      # other people's clients
  python3 tmux expect zsh curl                             # programs and terminals
  iproute2                                                 # networks of their own
  strace valgrind                                          # costs that are counted
)
fuzz_packages=(
  clang libclang-rt-dev
)
bench_packages=(
  liburing-dev libuv1-dev librust-tokio-dev haproxy stunnel4 # what coroecho is compared with
)
check_packages=(
  git clang clang-format clang-tidy shellcheck flake8
)

say() { printf '%s\n' "$*" >&2; }
# Prints the time of day and the text, at the begin of a stage.
stage() { say "$(date +%T) $*"; }
fail() {
  say "$*"
  exit 1
}

# Ends a test that this machine cannot run, with the reason.
cannot() {
  say "$*"
  exit 77
}

# True when NAME[>=VERSION] is installed.
installed() {
  local name=${1%%>=*} at_least=${1#"${1%%>=*}"} version
  version=$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$name" 2>/dev/null) || return 1
  [[ $version == 'installed '* ]] || return 1
  [[ -z $at_least ]] || dpkg --compare-versions "${version#installed }" ge "${at_least#>=}"
}

# True when apt-get could install NAME[>=VERSION].
available() {
  local name=${1%%>=*} at_least=${1#"${1%%>=*}"} version
  version=$(LC_ALL=C apt-cache policy "$name" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [[ -n $version && $version != '(none)' ]] || return 1
  [[ -z $at_least ]] || dpkg --compare-versions "$version" ge "${at_least#>=}"
}

# Prints those of the given requirements that nothing installed satisfies, one a line.
missing() {
  local requirement alternative
  for requirement in "$@"; do
    while IFS= read -r alternative; do
      installed "$alternative" && continue 2
    done <<<"${requirement//|/$'\n'}"
    printf '%s\n' "$requirement"
  done
}

# Prints the last line of a file that shows something, without its colours.
last_line() {
  tail -n 20 "$1" | sed -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e 's/\r$//' -e 's/.*\r//' -e '/^[[:space:]]*$/d' | tail -n 1
}

# Runs a command. Shows the last line of its output every ten seconds, and its whole output if it fails.
quietly() {
  local log progress status=0
  log=$(mktemp)
  # It ends with this script, however that ends.
  while sleep 10 >/dev/null 2>&1 && kill -0 $$; do
    printf '%4d s  %.100s\n' $SECONDS "$(last_line "$log")"
  done </dev/null >&2 &
  progress=$!
  "$@" </dev/null >"$log" 2>&1 || status=$?
  kill "$progress"
  wait "$progress" 2>/dev/null || true
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# in_background NAME NICENESS COMMAND...: runs it beside what follows, and gives way to that. Its output goes to build/NAME.log.
declare -A in_background=()
in_background() {
  mkdir -p "$root/build"
  # A process group of its own, so that it ends with this script and all that it started.
  set -m
  {
    renice -n "$2" $BASHPID >/dev/null
    "${@:3}"
  } </dev/null >"$root/build/$1.log" 2>&1 &
  set +m
  in_background[$1]=$!
  trap 'kill -- "${in_background[@]/#/-}" 2>/dev/null || true' EXIT
}

# Waits for what in_background() started. Shows its output if it failed.
finished() {
  stage "Waiting for $1"
  wait "${in_background[$1]}" || {
    cat "$root/build/$1.log" >&2
    fail "$1 failed, as shown above."
  }
  unset "in_background[$1]"
}

# Runs a command as root.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi
}

# Installs what of the given requirements is missing. Takes no network when nothing is.
install_missing() {
  local requirements names=() requirement alternative
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "No apt-get here: these Debian packages, by whatever name, must be there: $*"
    return
  fi
  mapfile -t requirements < <(missing "$@")
  ((${#requirements[@]} > 0)) || return 0

  say "Missing: ${requirements[*]%%|*}"
  if ((EUID != 0)); then
    # Asks for the password here, where it can be seen.
    { command -v sudo >/dev/null && sudo -v; } || fail "This needs root or sudo: install the packages above as root, then come back."
  fi
  quietly as_root apt-get -q update || say "apt-get update failed; going on with the lists at hand."
  for requirement in "${requirements[@]}"; do
    while IFS= read -r alternative; do
      available "$alternative" || continue
      names+=("${alternative%%>=*}")
      continue 2
    done <<<"${requirement//|/$'\n'}"
    fail "No package for $requirement on this system."
  done
  stage "Installing by apt-get: ${names[*]}"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends "${names[@]}" || fail "apt-get could not install them."
}

# configure PRESET [CMAKE-ARGUMENT...]
configure() {
  (cd "$root" && quietly cmake --preset "$@") || fail "CMake could not configure $1."
}

# build PRESET [TARGET...]: on a terminal ninja's own line shows the progress.
build() {
  local preset=$1 command
  shift
  command=(cmake --build --preset "$preset" --parallel "$(nproc)")
  (($# == 0)) || command+=(--target "$@")
  stage "Building build/$preset"
  if [[ -t 1 ]]; then
    (cd "$root" && "${command[@]}") || fail "The build of $preset failed."
  else
    (cd "$root" && quietly "${command[@]}") || fail "The build of $preset failed."
  fi
}
