# Sourced in the image's build stage, on the builder's architecture: what it takes to compile for the image's.
# shellcheck shell=bash disable=SC2034
# shellcheck source=scripts/prepare.sh
source scripts/prepare.sh

native=$(dpkg --print-architecture)
target=${TARGETARCH:-$native}

is_native() {
  [[ $target == "$native" ]]
}

# For CMake.
target_arguments=()
if ! is_native; then
  case $target in
    amd64) target_processor=x86_64 ;;
    arm64) target_processor=aarch64 ;;
    *) fail "No cross-compilation for $target." ;;
  esac
  target_triplet=$target_processor-linux-gnu
  export PKG_CONFIG_LIBDIR=/usr/lib/$target_triplet/pkgconfig
  target_arguments=(
    -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$target_processor"
    "-DCMAKE_C_COMPILER=$target_triplet-gcc" "-DCMAKE_CXX_COMPILER=$target_triplet-g++"
  )
fi

# Installs the packages that the build needs. Libraries are the target's only: not all packages can be installed for two
# architectures.
install_for_target() {
  if is_native; then
    install_missing "${build_packages[@]}"
    return
  fi
  dpkg --add-architecture "$target"
  quietly apt-get -q update
  local requirement name packages=("crossbuild-essential-$target")
  for requirement in "${build_packages[@]}"; do
    name=${requirement%%|*}
    # Some packages of headers are for all architectures.
    [[ $name != *-dev || $(apt-cache show "$name") == *'Architecture: all'* ]] || name+=:$target
    packages+=("$name")
  done
  quietly env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${packages[@]}"
}
