# Finds or fetches a Python that Home Assistant runs on, and uv. Sourced by the commands in script/.
# Everything fetched stays inside the project, in .python/ and .cache/, which git ignores.

PYTHON_MINIMUM="3.14.2"
PRIVATE_PYTHON="$ROOT/.python"
TOOLS="$ROOT/.cache/tools"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

python_is_good() { # COMMAND
  "$1" -c "import sys, ssl, sqlite3, venv; sys.exit(sys.version_info < tuple(map(int, '$PYTHON_MINIMUM'.split('.'))))" \
    >/dev/null 2>&1
}

# Any Python will do to fetch tools from the package index; it need not be the one we run on.
any_pip() {
  local candidate
  for candidate in python3 python; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  die "neither uv nor pip is here. Install uv (https://docs.astral.sh/uv) and run this again."
}

fetch_tool() { # NAME
  if [ ! -x "$TOOLS/$1/bin/$1" ]; then
    local pip
    pip="$(any_pip)" || exit 1
    say "Fetching $1 from the Python package index"
    "$pip" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --upgrade \
      --target "$TOOLS/$1" "$1" >&2 || die "$1 could not be fetched from the Python package index."
  fi
}

find_uv() {
  if command -v uv >/dev/null 2>&1; then
    command -v uv
  else
    fetch_tool uv
    echo "$TOOLS/uv/bin/uv"
  fi
}

find_python() {
  local candidate
  for candidate in "${SMART_BMS_PYTHON:-}" python3.14 python3.15 python3 python \
    "$PRIVATE_PYTHON/usr/bin/python3.14"; do
    if [ -n "$candidate" ] && python_is_good "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  local uv
  uv="$(find_uv)" || exit 1
  say "No Python $PYTHON_MINIMUM or newer here; asking uv for one"
  if UV_HTTP_TIMEOUT=15 UV_HTTP_RETRIES=0 "$uv" python install --quiet 3.14 >/dev/null 2>&1 &&
    candidate="$("$uv" python find --managed-python 3.14 2>/dev/null)" && python_is_good "$candidate"; then
    echo "$candidate"
    return
  fi
  . "$ROOT/script/lib/debian_python.sh"
  unpack_debian_python
  candidate="$PRIVATE_PYTHON/usr/bin/python3.14"
  python_is_good "$candidate" || die "the unpacked Python does not start. Remove .python and try again, or install Python $PYTHON_MINIMUM yourself."
  echo "$candidate"
}
