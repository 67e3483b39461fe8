# What the scripts share; sourced by them. Goes to the project's root, whatever the caller's cwd.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Of the calculator: `bound` and the other commands that execute no network.
calculator_packages=(g++ cmake ninja-build libmpfr-dev libyaml-dev libmd-dev libfmt-dev
                     nlohmann-json3-dev libcli11-dev)
# Of the full program. oneDNN's CMake package asks for OpenCL, but libdnnl-dev does not depend on it.
build_packages=("${calculator_packages[@]}" libdnnl-dev ocl-icd-opencl-dev
                libopenblas-openmp-dev libzip-dev zlib1g-dev)
test_packages=(libgtest-dev libgmock-dev libflint-dev libonnx-testdata)
# Since FLINT 3 Arb is a part of it; before, a package of its own.
if grep -qsx VERSION_CODENAME=bookworm /etc/os-release; then
  test_packages+=(libflint-arb-dev)
fi

# On a terminal: says how far the work is, in a line that the next one takes the place of, cut at the
# terminal's edge. Elsewhere quiet.
progress() {
  if [[ -t 2 && ${TERM-dumb} != dumb ]]; then
    printf '\r\033[K\033[?7l%s\033[?7h' "${1-}" >&2
  fi
}

# Keeps what ninja and others say in the file `log`, and shows how far ninja is.
follow() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    printf '%s\n' "$line"
    [[ $line != 'building '*' of '*': '* ]] || progress "${line%%: *}"
  done >"$log"
}
export NINJA_STATUS='building %f of %t: '

# Runs a command silently; shows what it said, on stderr, only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" 2>&1 | follow || status=$?
  progress
  if ((status != 0)); then
    cat "$log" >&2
    echo "failed ($status): $*" >&2
  fi
  rm -f "$log"
  return "$status"
}

# What a command that needs root is put behind.
as_root=()
((EUID == 0)) || as_root=(sudo)

may_be_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null && sudo -v -p "[sudo] password for %p, to install Debian packages: "
}

# Installs those of the named Debian packages that are missing. Where that is not allowed it says how
# to, and on other systems nothing: the libraries may be there all the same, from elsewhere, and the
# build itself says what it misses.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  if ! may_be_root; then
    echo "these Debian packages are missing: ${missing[*]}; install them as root:" \
      "apt-get install --no-install-recommends ${missing[*]}" >&2
    return 0
  fi
  progress "installing: reading the lists of packages"
  quietly "${as_root[@]}" apt-get -q update
  progress "installing ${missing[*]}"
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qy install --no-install-recommends "${missing[@]}"
}

# Configures build/ with the options given. Most of a small source's compile time goes into headers,
# so that several are compiled as one where the sources allow it.
configure() {
  progress configuring
  quietly cmake --preset release -DCMAKE_UNITY_BUILD=ON "$@"
}

# Builds in build/; arguments name targets.
build() {
  progress building
  quietly cmake --build build "$@"
}

# ccache makes rebuilds cheap where it is there; CMake takes it from the environment.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
  # Precompiled headers are no reason to compile again.
  export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS-pch_defines,time_macros}
fi
