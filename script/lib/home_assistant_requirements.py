"""Print what the integrations that we load need: Home Assistant would install it at run time, we lock it."""

import ast
import json
from pathlib import Path
import sys

INTEGRATIONS = ("bluetooth_adapters", "energy", "history", "isal", "logbook", "recorder", "zeroconf")
"""What the demo and the tests ask for; what every Home Assistant starts by itself is read from its bootstrap."""

NOT_STARTED = {"sentry"}

OURS = Path(__file__).resolve().parents[2] / "custom_components" / "smart_bms" / "manifest.json"


def started_by_bootstrap(components: Path) -> set[str]:
    """Return the integrations that the bootstrap and the list of entity platforms name."""
    words = {
        node.value
        for name in ("bootstrap.py", "generated/entity_platforms.py")
        for node in ast.walk(ast.parse((components.parent / name).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {word for word in words if word.isidentifier() and (components / word / "manifest.json").exists()}


def main(components: Path) -> None:
    """Print the requirements of the closure of dependencies, one a line."""
    seen = set(NOT_STARTED)
    requirements = set(json.loads(OURS.read_text())["requirements"])
    waiting = [*INTEGRATIONS, *started_by_bootstrap(components)]
    while waiting:
        domain = waiting.pop()
        if domain in seen:
            continue
        seen.add(domain)
        manifest = components / domain / "manifest.json"
        # Plugins of the test suite bring dependencies that are no integrations.
        content = json.loads(manifest.read_text()) if manifest.exists() else {}
        requirements.update(content.get("requirements", []))
        waiting += content.get("dependencies", []) + content.get("after_dependencies", [])
    print("\n".join(sorted(requirements, key=str.lower)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
