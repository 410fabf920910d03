# The environment in .venv: made from the lock file, or resolved anew for another Home Assistant. Sourced by script/*.

VENV="$ROOT/.venv"
LOCK="$ROOT/requirements.lock"
VENV_PYTHON="$VENV/bin/python"

# Some requirements have no wheel for this Python and are built: let the compiler find an unpacked Python's headers.
export_headers() {
  local include="$PRIVATE_PYTHON/usr/include"
  case "$1" in
    "$PRIVATE_PYTHON"/*) export CPATH="$include/python3.14:$include:$include/$(uname -m)-linux-gnu" ;;
  esac
}

# The requirements and constraints that Home Assistant itself would use, for the version that GROUP asks for.
home_assistant_inputs() { # GROUP
  local home="$ROOT/.cache/home-assistant/$1" components
  rm -rf "$home" && mkdir -p "$home"
  "$UV" pip compile --quiet --no-header --no-annotate --no-emit-index-url --python "$PYTHON" --group "$ROOT/pyproject.toml:$1" \
    -o "$home/resolved.txt" >/dev/null
  grep '^homeassistant==' "$home/resolved.txt" >"$home/homeassistant.txt"
  "$UV" pip install --quiet --no-deps --python "$PYTHON" --target "$home/site" -r "$home/homeassistant.txt"
  components="$home/site/homeassistant/components"
  "$PYTHON" "$ROOT/script/lib/home_assistant_requirements.py" "$components" >"$home/requirements.txt"
  cp "$home/site/homeassistant/package_constraints.txt" "$home/constraints.txt"
  echo "$home"
}

resolve() { # GROUP OUTPUT [OPTION…]
  local group="$1" output="$2" home
  shift 2
  home="$(home_assistant_inputs "$group")"
  # Paths differ from machine to machine: the lock file must not.
  (cd "$home" && "$UV" pip compile --quiet --no-annotate --no-emit-index-url --no-header --python "$PYTHON" \
    --group "$ROOT/pyproject.toml:$group" --group "$ROOT/pyproject.toml:lint" \
    -c constraints.txt requirements.txt "$@" -o "$output" >/dev/null)
}

stamp() { cat "$1" "$ROOT/script/lib/environment.sh" | cksum; }

ensure_environment() {
  local wanted
  UV="$(find_uv)"
  if [ -x "$VENV_PYTHON" ] && python_is_good "$VENV_PYTHON" && [ -f "$VENV/.stamp" ] &&
    { [ "$(cat "$VENV/.stamp")" = "$(stamp "$LOCK")" ] || [ -f "$VENV/.unlocked" ]; }; then
    return
  fi
  PYTHON="$(find_python)"
  export_headers "$PYTHON"
  say "Making the environment in .venv with $("$PYTHON" -V) (a minute the first time)"
  "$UV" venv --quiet --clear --python "$PYTHON" "$VENV"
  "$UV" pip sync --quiet --python "$VENV_PYTHON" --require-hashes "$LOCK" ||
    die "the packages could not be installed. Is the Python package index reachable?"
  stamp "$LOCK" >"$VENV/.stamp"
}

# For the CI matrix: the lowest and the newest Home Assistant, resolved at the moment of asking.
unlocked_environment() { # GROUP
  local resolved="$ROOT/.cache/$1.txt"
  UV="$(find_uv)"
  PYTHON="$(find_python)"
  export_headers "$PYTHON"
  say "Resolving group $1"
  resolve "$1" "$resolved"
  "$UV" venv --quiet --clear --python "$PYTHON" "$VENV"
  "$UV" pip sync --quiet --python "$VENV_PYTHON" "$resolved"
  stamp "$resolved" >"$VENV/.stamp"
  touch "$VENV/.unlocked"
}
