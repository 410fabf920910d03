# Runs a command of Node.js beside a demo of its own on loopback: `with_demo SECONDS COMMAND...`. Sourced.

DEMO_PORT="${SMART_BMS_DEMO_PORT:-8129}"

# Says why there can be no browser; nothing if there can.
why_no_browser() {
  command -v node >/dev/null || { echo "Node.js is missing"; return; }
  [ -d "$ROOT/frontend/node_modules/playwright-core" ] || { echo "its packages are missing: run npm ci in frontend/"; return; }
  for place in "${SMART_BMS_CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome /usr/bin/google-chrome-stable; do
    [ -n "$place" ] && [ -x "$place" ] && return
  done
  echo "no Chromium was found (SMART_BMS_CHROMIUM may name one)"
}

with_demo() {
  local limit="$1" log="$ROOT/.cache/demo.log" result=0
  shift
  mkdir -p "$ROOT/.cache"
  SMART_BMS_DEMO_PORT="$DEMO_PORT" "$ROOT/script/demo" --fresh --seconds "$limit" >"$log" 2>&1 &
  DEMO_PID=$!
  # shellcheck disable=SC2064
  trap "kill $DEMO_PID 2>/dev/null || true" EXIT
  say "Waiting for the demo (its log: .cache/demo.log)"
  for _ in $(seq 240); do
    grep -q "Home Assistant runs at" "$log" && break
    kill -0 "$DEMO_PID" 2>/dev/null || die "the demo ended by itself: $(tail -n 5 "$log")"
    sleep 1
  done
  grep -q "Home Assistant runs at" "$log" || die "the demo did not get ready in time"
  SMART_BMS_URL="http://127.0.0.1:$DEMO_PORT" timeout "$limit" "$@" || result=$?
  kill "$DEMO_PID" 2>/dev/null || true
  wait "$DEMO_PID" || true
  trap - EXIT
  return "$result"
}
