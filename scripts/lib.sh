# What the scripts share; sourced by them. Goes to the project's root, whatever the caller's cwd.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build_packages=(g++ cmake ninja-build libmpfr-dev libyaml-dev libmd-dev libfmt-dev
                libzip-dev zlib1g-dev nlohmann-json3-dev libcli11-dev libeigen3-dev
                libdnnl-dev libopenblas-openmp-dev)
test_packages=(libgtest-dev libgmock-dev librapidcheck-dev libflint-dev libonnx-testdata)

# Runs a command silently; shows what it said, on stderr, only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    cat "$log" >&2
    echo "failed ($status): $*" >&2
  fi
  rm -f "$log"
  return "$status"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "to install packages, run as root: $*" >&2
    return 1
  fi
}

# Installs those of the named Debian packages that are missing. On other systems the build itself
# says what it misses.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  echo "installing ${missing[*]}" >&2
  quietly as_root apt-get -q update
  quietly as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qy install --no-install-recommends "${missing[@]}"
}

# ccache makes rebuilds cheap where it is there; CMake takes it from the environment.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
fi
