# Sourced: the image of a build in another folder.
# shellcheck shell=bash

# layer IMAGE FILE: writes the image's only layer, which has all of its files.
layer() {
  local name
  docker save --output "$work/image.tar" "$1"
  name=$(tar -xOf "$work/image.tar" manifest.json | sed 's/.*"Layers":\["\([^"]*\)"\].*/\1/')
  tar -xOf "$work/image.tar" "$name" >"$2" || fail "$1 has not one layer."
}

# Both builds run on one layer with the compiler and the libraries, which a build on this machine may have of other versions.
check_another_build() {
  stage "Building the image in another folder"
  build_image coroecho:another "$root/docker/Dockerfile" "$root" --build-arg "FOLDER=/another folder/of another length"
  layer coroecho "$work/one.tar"
  layer coroecho:another "$work/another.tar"
  tar -tf "$work/one.tar" | grep -c -x -e usr/bin/coroecho -e usr/bin/coroecho-client -e usr/share/doc/coroecho/coroecho.spdx.json \
    -e etc/coroecho/coroecho.yaml | grep -qx 4 || fail "The layer is not that of the image: $(tar -tf "$work/one.tar")"
  cmp "$work/one.tar" "$work/another.tar" || {
    mkdir "$work/one" "$work/another"
    tar -C "$work/one" -xf "$work/one.tar"
    tar -C "$work/another" -xf "$work/another.tar"
    diff <(tar -tvf "$work/one.tar") <(tar -tvf "$work/another.tar") || true
    fail "The images differ: $(diff -r "$work/one" "$work/another")"
  }
  ok "the same image from two folders, $(sha256sum <"$work/one.tar" | cut -c 1-16)"
}
