# Node, and the packages that the cards are built and tested with. Sourced by script/*. The built cards are in the
# repository: without Node everything works but changing them.

FRONTEND="$ROOT/frontend"
NODE_MINIMUM="20.19"

# Which versions the packages run on: 20.19, 22.12 and newer.
node_is_good() {
  command -v npm >/dev/null 2>&1 && node -e \
    'const [major, minor] = process.versions.node.split(".").map(Number);
     process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' >/dev/null 2>&1
}

packages_stamp() { cat "$FRONTEND/package-lock.json" "$ROOT/script/lib/node.sh" | cksum; }

# Whether there is a Node; with one, the packages are there as well when this returns.
ensure_cards() {
  node_is_good || return 1
  if [ "$(cat "$FRONTEND/node_modules/.stamp" 2>/dev/null)" != "$(packages_stamp)" ]; then
    say "Installing the packages of the cards in frontend/node_modules, with Node $(node -v)"
    (cd "$FRONTEND" && npm ci --no-audit --no-fund --loglevel=error >&2) ||
      die "the packages of the cards could not be installed. Is the package index of npm reachable?"
    packages_stamp >"$FRONTEND/node_modules/.stamp"
  fi
}

without_node() { # WHAT
  say "$1: left out, Node $NODE_MINIMUM or newer is not here. Cards cannot be built or tested; the built ones are used as they are"
}
