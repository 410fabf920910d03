# Last resort of find_python: unpacks Python 3.14 from the suite "forky" into .python/ on Debian-like machines that
# reach nothing but their package mirror. The system's own lists, packages and libraries stay untouched.

FORKY_PACKAGES="python3.14 python3.14-minimal libpython3.14-minimal libpython3.14-stdlib libpython3.14-dev libpython3.14
  python3.14-dev python3.14-venv libc6 libssl3t64 libdb5.3t64 libreadline8t64 libzstd1 libexpat1 libffi8 liblzma5
  libbz2-1.0 libsqlite3-0 libuuid1 zlib1g libtinfo6 libncursesw6 libexpat1-dev zlib1g-dev libgcc-s1 libstdc++6"

# The first archive (not security, not a third party's) that the machine's own apt configuration names.
debian_archive() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 2>/dev/null |
    grep -E '/debian/?$' | sort -u | head -n 1
}

debian_keyring() {
  local keyring
  keyring="$(grep -hoE '(Signed-By:[[:space:]]*|signed-by=)/[^] ]+archive-keyring\.(gpg|pgp)' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE '/.*' | head -n 1)"
  echo "${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}"
}

unpack_debian_python() {
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 ||
    die "Python $PYTHON_MINIMUM or newer is needed and could not be installed by uv. Install it and run this again."
  local archive keyring apt="$PRIVATE_PYTHON/apt" options library loader binary
  archive="$(debian_archive)"
  [ -n "$archive" ] || die "no Debian archive in this machine's apt sources. Install Python $PYTHON_MINIMUM or newer and run this again."
  keyring="$(debian_keyring)"
  say "Unpacking Python 3.14 from Debian's suite forky into .python (nothing is installed on the system)"
  rm -rf "$PRIVATE_PYTHON"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
  : >"$apt/status"
  echo "deb [signed-by=$keyring] $archive forky main" >"$apt/sources.list"
  options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State=$apt" -o "Dir::State::Lists=$apt/lists" -o "Dir::State::Status=$apt/status"
    -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User= -o Acquire::Languages=none)
  apt-get "${options[@]}" update >&2 || die "the package list of Debian's suite forky could not be read."
  # shellcheck disable=SC2086
  (cd "$apt/debs" && apt-get "${options[@]}" download $FORKY_PACKAGES >&2) ||
    die "the packages of Python 3.14 could not be downloaded."
  for library in "$apt"/debs/*.deb; do
    dpkg-deb --extract "$library" "$PRIVATE_PYTHON" || die "$(basename "$library") could not be unpacked."
  done
  rm -rf "$apt"

  fetch_tool patchelf
  loader="$(find "$PRIVATE_PYTHON" -name 'ld-linux*.so.*' | head -n 1)"
  library="$(dirname "$(find "$PRIVATE_PYTHON" -name 'libssl.so.3' | head -n 1)")"
  binary="$PRIVATE_PYTHON/usr/bin/python3.14"
  "$TOOLS/patchelf/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$library:$PRIVATE_PYTHON/lib/${library##*/}" "$binary" ||
    die "the unpacked Python could not be adjusted."
}
