# shellcheck shell=bash
# Sourced by the scripts that build or run something, from the root of the project: brings what
# they need, and does nothing where it is there already.

say() { printf '== %s\n' "$*"; }
stop() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# packages_of GROUP...: the names in scripts/debian-packages.txt.
packages_of() {
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' scripts/debian-packages.txt
  done
}

# missing_packages GROUP...: those of them that are not installed.
missing_packages() {
  local package
  for package in $(packages_of "$@"); do
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      printf '%s ' "$package"
  done
}

# install_packages PACKAGE...: as root.
install_packages() {
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
}

# need_packages GROUP...: installs what is missing as root; otherwise names it, in one command, and
# stops.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: going on with what is there; needed: $(packages_of "$@" | xargs)"
    return
  fi
  local missing
  missing=$(missing_packages "$@")
  [[ -z "$missing" ]] && return
  if [[ $EUID -ne 0 ]]; then
    stop "packages are missing. Install them and try again:
sudo apt-get install --yes --no-install-recommends $missing"
  fi
  # shellcheck disable=SC2086  # one word a package
  install_packages $missing || stop "apt-get could not install: $missing"
}

# want_packages GROUP...: installs what is missing as root; otherwise goes on without.
want_packages() {
  command -v dpkg-query >/dev/null || return 0
  local missing
  missing=$(missing_packages "$@")
  [[ -z "$missing" ]] && return
  if [[ $EUID -eq 0 ]]; then
    # shellcheck disable=SC2086
    install_packages $missing || say "going on without: $missing"
  else
    say "going on without: $missing"
  fi
}

# need_venv: build/venv with the wheels of requirements.txt.
need_venv() {
  local python=${PYTHON:-python3} stamp=build/venv/.made-from wanted
  "$python" -c 'import ensurepip, venv' 2>/dev/null || python=/usr/bin/python3
  wanted="$("$python" --version) $(sha256sum requirements.txt)"
  if [[ -f $stamp && "$(<"$stamp")" == "$wanted" ]] && build/venv/bin/python -c '' 2>/dev/null; then
    return
  fi
  say "making build/venv from requirements.txt with $("$python" --version)"
  rm -rf build/venv
  mkdir -p build
  "$python" -m venv build/venv || stop "$python could not make a virtual environment"
  build/venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt ||
    stop "pip could not install requirements.txt (the messages above say why)"
  printf '%s' "$wanted" >"$stamp"
}

# need_onnx: build/onnx, the C++ library ONNX of its source package on PyPI, whose version is the one
# in requirements.txt; Debian's is too old for int4 and float8.
need_onnx() {
  local version wanted stamp=build/onnx/.made-from work=build/onnx-source
  version=$(sed -n 's/^onnx==//p' requirements.txt)
  wanted="$version $(sed -n '/^need_onnx()/,/^}/p' scripts/setup.sh | sha256sum) $(c++ -dumpfullversion)"
  [[ -f $stamp && "$(<"$stamp")" == "$wanted" ]] && return
  say "building ONNX $version from its source package"
  rm -rf build/onnx "$work"
  mkdir -p "$work"
  build/venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
    --no-binary onnx --dest "$work" "onnx==$version" ||
    stop "pip could not download the source package of onnx $version (the messages above say why)"
  tar -xzf "$work/onnx-$version.tar.gz" -C "$work" || stop "could not unpack onnx $version"
  local log=$work/build.log launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # ONNX's CMakeLists.txt needs a newer cmake than Debian's: the wheel's.
  if ! build/venv/bin/cmake -G Ninja -S "$work/onnx-$version" -B "$work/build" "${launcher[@]}" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" -DCMAKE_CXX_STANDARD=17 \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF \
    -DONNX_USE_PROTOBUF_SHARED_LIBS=ON -DONNX_USE_UNITY_BUILD=ON -DONNX_GEN_PB_TYPE_STUBS=OFF \
    -DPython3_EXECUTABLE="$PWD/build/venv/bin/python" \
    -DCMAKE_INSTALL_PREFIX="$PWD/build/onnx" >"$log" 2>&1 ||
    ! build/venv/bin/cmake --build "$work/build" --target install >>"$log" 2>&1; then
    tail -40 "$log" >&2
    stop "ONNX $version could not be built (all of it: $log)"
  fi
  rm -rf "$work"
  printf '%s' "$wanted" >"$stamp"
}

# need_wheels_and_onnx: what the build takes from PyPI.
need_wheels_and_onnx() {
  need_venv
  need_onnx
}

# configure_preset PRESET [cmake argument ...]: they stay in force for later builds of the preset.
configure_preset() {
  local log="build/$1.configure.log"
  mkdir -p build
  cmake --preset "$@" >"$log" 2>&1 || { cat "$log" >&2 && return 1; }
}

# build_preset PRESET [cmake --build argument ...]
build_preset() {
  local preset=$1
  shift
  say "building the preset $preset"
  configure_preset "$preset" && cmake --build --preset "$preset" "$@"
}
