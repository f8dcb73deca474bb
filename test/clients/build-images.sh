#!/usr/bin/env bash
# Usage: build-images.sh FOLDER
# Makes the images the client scenarios push, each in the `dir:` form of skopeo, which keeps manifests as they are:
#   app      OCI, four layers (Debian, Python, Node, a small file), for this machine's architecture; runs
#   zstd     the same layers compressed with Zstandard
#   schema2  the same image with a Docker schema 2 manifest
#   multi    an OCI index of app and of a Debian for another architecture
# Needs root, debootstrap, buildah, skopeo and the Debian mirror that apt is set up with. Takes about a minute.
set -euo pipefail

folder=$1
work=$folder.building
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
[ ! -d "$folder" ] || exit 0

leave() {
  umount --quiet "$work/graph/overlay" 2>/dev/null || true
  rm -rf "$work"
}
trap leave EXIT
rm -rf "$work"
mkdir -p "$work/images"

cat >"$work/storage.conf" <<EOF
[storage]
driver = "${STORAGE_DRIVER:-overlay}"
graphroot = "$work/graph"
runroot = "$work/run"
EOF
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot DEBIAN_FRONTEND=noninteractive
unset STORAGE_DRIVER

# Without its warnings about networks that nobody asked for.
buildah() { command buildah --log-level error "$@"; }
say() { printf '%4ds  %s\n' "$SECONDS" "$*" >&2; }

native=$(dpkg --print-architecture)
other=arm64
[ "$native" != arm64 ] || other=amd64
read -r mirror suite < <(
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' | awk '$3 == "main" { print $1, $2; exit }'
)

# $1: architecture; the rest: further options of debootstrap.
debian() {
  debootstrap --variant=minbase --arch="$@" "$suite" "$work/debian-$1" "$mirror" >"$work/$1.log" 2>&1 ||
    { tail -n 20 "$work/$1.log" >&2; return 1; }
  rm -rf "$work/debian-$1"/var/cache/apt/archives/*.deb "$work/debian-$1"/var/log/*
}

say "Debian $suite for $native and $other"
debian "$native" &
native_pid=$!
debian "$other" --foreign &
other_pid=$!
wait "$native_pid"
wait "$other_pid"

# $1: name of the image; $2: its architecture; its Debian becomes the first layer.
base() {
  local container
  container=$(buildah from --arch "$2" scratch)
  buildah copy --quiet "$container" "$work/debian-$2" / >/dev/null
  buildah config --arch "$2" --os linux --env LANG=C.UTF-8 --cmd '["/bin/bash"]' "$container"
  buildah commit --quiet --rm "$container" "localhost/$1" >/dev/null
  rm -rf "$work/debian-$2"
}

# $1: name of the image; $2: the image it extends; $3: package to add.
install() {
  local container
  container=$(buildah from "localhost/$2")
  buildah run "$container" -- sh -c "apt-get install -qq --no-install-recommends $3 && apt-get clean && rm -rf /var/log/*" \
    >"$work/$1.log" 2>&1 </dev/null || { tail -n 20 "$work/$1.log" >&2; return 1; }
  buildah commit --quiet --rm "$container" "localhost/$1" >/dev/null
}

# $1: name of the image; $2: the image it extends; $3: its architecture. The last layer is one small file.
finish() {
  local container
  container=$(buildah from --arch "$3" "localhost/$2")
  printf 'the app for %s\n' "$3" >"$work/text"
  buildah copy --quiet "$container" "$work/text" /etc/waybill-image >/dev/null
  buildah commit --quiet --rm "$container" "localhost/$1" >/dev/null
}

say 'layers'
base debian "$native"
install python debian python3
install node python nodejs
finish app node "$native"
base debian-other "$other"
finish app-other debian-other "$other"

say 'app, zstd, schema2, multi'
layout=oci:$work/layout
skopeo copy --quiet containers-storage:localhost/app "$layout:app"
buildah manifest create localhost/multi localhost/app localhost/app-other >/dev/null
buildah manifest push --quiet --all --format oci localhost/multi "$layout:multi"
for image in app multi; do
  skopeo copy --quiet --all "$layout:$image" "dir:$work/images/$image"
done
skopeo copy --quiet --dest-compress --dest-compress-format zstd containers-storage:localhost/app "dir:$work/images/zstd"
skopeo copy --quiet --format v2s2 "dir:$work/images/app" "dir:$work/images/schema2"

mv "$work/images" "$folder"
say "done: $(du -sh "$folder" | cut -f1)"
