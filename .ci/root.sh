# Clean roots of Debian releases, made by mmdebstrap from the archive that this machine installs
# from; sourced, after scripts/lib.sh. They are kept as tarballs, and what is installed in them as
# .deb files, in ${XDG_CACHE_HOME:-/var/tmp}/smoothbound-ci.
root_cache=${XDG_CACHE_HOME:-/var/tmp}/smoothbound-ci

# The archives that apt knows, as "SUITE URI", of the component that everything needed is in.
archives() {
  # shellcheck disable=SC2016  # apt's variables
  apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$2 == "main" {print $1, $3}'
}

# sources SUITE: the lines of a sources.list. This machine's release has its updates, too; another one
# is looked for where this one is.
sources() {
  local suite=$1 own known
  own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  known=$(archives)
  if [[ $known != "$own "* && $known != *$'\n'"$own "* ]]; then
    # Lists that were never read, or were removed.
    quietly "${as_root[@]}" apt-get -q update || return
    known=$(archives)
  fi
  awk -v own="$own" -v suite="$suite" '
    $1 == own || own == suite && index($1, own "-") == 1 {
      sub("^" own, suite, $1)
      print "deb", $2, $1, "main"
      found = 1
    }
    END {exit !found}' <<<"$known" || {
    echo "apt knows no archive of ${own:-this system} to take $suite from" >&2
    return 1
  }
}

# How apt gets at the archive: the same way in the root.
apt_options() {
  apt-config dump --no-empty Acquire |
    grep -E '^Acquire::(https?::Proxy|Check-|Retries|AllowReleaseInfoChange)' || true
}

# make_root SUITE DIRECTORY [PACKAGE...]: puts minbase with the packages there.
make_root() {
  local suite=$1 directory=$2 list include key base work
  shift 2
  install_packages mmdebstrap debian-archive-keyring || return
  list=$(sources "$suite") || return
  [[ $list != *https:* ]] || set -- ca-certificates "$@"
  include=$(IFS=,; echo "$*")
  key=$(sha256sum <<<"$list $include" | cut -c 1-12)
  base=$root_cache/$suite-$(dpkg --print-architecture)-$key.tar
  mkdir -p "$root_cache/$suite-packages" "$directory"
  if [[ ! -s $base ]]; then
    work=$(mktemp -d)
    printf '%s\n' "$list" >"$work/sources.list"
    apt_options >"$work/apt.conf"
    # Nobody needs what is in there after a crash.
    echo force-unsafe-io >"$work/dpkg.cfg"
    quietly "${as_root[@]}" mmdebstrap --mode=root --variant=minbase ${include:+"--include=$include"} \
      --aptopt="$work/apt.conf" --dpkgopt="$work/dpkg.cfg" --format=tar \
      "$suite" "$base.$$" - <"$work/sources.list" || { rm -rf "$work" "$base.$$"; return 1; }
    rm -rf "$work"
    mv "$base.$$" "$base" || return
  fi
  quietly "${as_root[@]}" tar -C "$directory" --exclude='./dev/*' -xf "$base" || return
  # Names are looked up as outside.
  "${as_root[@]}" cp -L /etc/resolv.conf /etc/hosts "$directory/etc/"
}

# in_root DIRECTORY COMMAND...: runs it there, as in a login of root: with /proc, /dev and packages
# that were downloaded before. The mounts end with the command.
in_root() {
  local directory=$1 suite packages
  shift
  suite=$(. "$directory/etc/os-release" && echo "$VERSION_CODENAME")
  packages=$root_cache/$suite-packages
  # shellcheck disable=SC2016  # the inner shell's variables
  "${as_root[@]}" unshare --mount bash -ec '
    root=$1 packages=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$packages" "$root/var/cache/apt/archives"
    mkdir -p "$root/var/cache/apt/archives/partial"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
      ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
      ${no_proxy:+"no_proxy=$no_proxy"} "$@"
  ' bash "$directory" "$packages" "$@"
}
