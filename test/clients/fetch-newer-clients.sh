#!/usr/bin/env bash
# Usage: fetch-newer-clients.sh FOLDER
# Unpacks clients of Debian's next release, and of no release yet, into FOLDER as if it were `/`. Nothing is installed: apt
# works on sources and lists of its own, so those of this machine stay as they are. Their dependencies are not fetched:
# programs written in Go need little more than a C library, and one that this machine cannot run is reported here.
# The versions are those that Debian has today. Needs the Debian mirror that apt is set up with. Fetches 110 MB.
set -euo pipefail

suite=sid
packages=(containerd cosign crane docker-buildx docker-cli docker.io notation oras)
# Each with what makes it say something and end well.
programs=(
  'usr/bin/containerd --version'
  'usr/bin/cosign version'
  'usr/bin/crane version'
  'usr/bin/ctr --version'
  'usr/bin/docker --version'
  'usr/bin/notation version'
  'usr/bin/oras version'
  'usr/libexec/docker/cli-plugins/docker-buildx version'
  'usr/sbin/dockerd --version'
)

folder=$1
work=$folder.fetching
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
[ ! -d "$folder" ] || exit 0

trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/root" "$work/archives" "$work/state/lists/partial" "$work/cache/archives/partial"

fail() { printf '%s\n' "$*" >&2; exit 1; }

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | sed -n 1p)
[ -n "$mirror" ] || fail 'apt knows no mirror of Debian: after `apt-get update` it should.'
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
printf 'deb [signed-by=%s target=Packages] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/sources.list"

apt_get() {
  apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$work/state" -o Dir::State::Status=/dev/null -o Dir::Cache="$work/cache" "$@"
}

apt_get update || fail "The lists of Debian $suite cannot be had from $mirror."
(cd "$work/archives" && apt_get download "${packages[@]}") ||
  fail "Debian $suite does not have all of these today: ${packages[*]}."
for archive in "$work"/archives/*.deb; do
  dpkg-deb --extract "$archive" "$work/root"
done

for program in "${programs[@]}"; do
  read -r path arguments <<<"$program"
  "$work/root/$path" "$arguments" >"$work/said" 2>&1 ||
    fail "$path of Debian $suite does not run on this machine: $(cat "$work/said")"
done

mv "$work/root" "$folder"
