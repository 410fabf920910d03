# Runs a module of the packs' side alone. Besides Python it needs one library, which is kept in .cache/. Sourced.

DECODERS="$ROOT/.cache/decoders"

# The lines of the lock file for what the manifest asks for: the pin and its hashes.
decoders_requirements() { sed -n '/^fastcrc==/,/[^\\]$/p' "$ROOT/requirements.lock"; }

run_pure() { # MODULE ARGUMENT…
  local python uv
  python="$(find_python)"
  if [ "$(cat "$DECODERS/.wanted" 2>/dev/null)" != "$(decoders_requirements)" ]; then
    uv="$(find_uv)"
    rm -rf "$DECODERS" && mkdir -p "$DECODERS"
    decoders_requirements >"$DECODERS/requirements.txt"
    "$uv" pip install --quiet --no-deps --require-hashes --python "$python" --target "$DECODERS/site" \
      -r "$DECODERS/requirements.txt" || die "the library for checksums could not be installed. Is the Python package index reachable?"
    decoders_requirements >"$DECODERS/.wanted"
  fi
  # The rest of the integration, and so Home Assistant, is not needed.
  PYTHONPATH="$DECODERS/site" PYTHONDONTWRITEBYTECODE=1 exec "$python" -P "$ROOT/script/lib/pure.py" "$@"
}
