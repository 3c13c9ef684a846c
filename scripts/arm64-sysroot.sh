#!/usr/bin/env bash
# Puts Debian's arm64 libraries that the project links into build/arm64-sysroot, for the preset
# arm64. The system's own packages and architectures stay as they are: apt works on private lists.
# On failure it prints the reason, one line, and exits 1. ZP_DEBIAN_MIRROR names another mirror.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
source scripts/setup.sh

root=$PWD/build/arm64-sysroot
apt=$PWD/build/arm64-apt
mirror=${ZP_DEBIAN_MIRROR:-http://deb.debian.org/debian}

skip() {
  echo "$*"
  exit 1
}

for tool in aarch64-linux-gnu-g++ qemu-aarch64 apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# What the build links or includes; apt adds what these depend on, the C library among them.
mapfile -t packages < <(packages_of build | grep -E '^(lib|nlohmann)')
wanted="$mirror ${packages[*]}"
[[ -f $root/.made-from && "$(<"$root/.made-from")" == "$wanted" ]] && exit 0

say "fetching the arm64 libraries into build/arm64-sysroot" >&2
rm -rf "$root" "$apt"
mkdir -p "$root" "$apt"/{lists/partial,archives/partial}
: >"$apt/status"
echo "deb [arch=arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
  "$mirror bookworm main" >"$apt/sources.list"

private_apt() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" \
    -o Dir::Etc::preferencesparts=/dev/null -o Acquire::Languages=none \
    -o APT::Sandbox::User="$(id -un)" -o APT::Get::List-Cleanup=0 "$@" >"$apt/log" 2>&1
}

private_apt update || skip "no arm64 package lists from $mirror ($(tail -n 1 "$apt/log"))"
private_apt install --yes --download-only --no-install-recommends "${packages[@]}" ||
  skip "no arm64 packages from $mirror ($(tail -n 1 "$apt/log"))"
for package in "$apt"/archives/*.deb; do
  dpkg-deb --extract "$package" "$root" || skip "could not unpack ${package##*/}"
done
rm -rf "$apt"
printf '%s' "$wanted" >"$root/.made-from"
