"""Print what the integrations that we load need: Home Assistant would install it at run time, we lock it."""

import json
from pathlib import Path
import sys

# What a default installation with Bluetooth loads, plus what its bootstrap always starts.
INTEGRATIONS = (
    "bluetooth_adapters backup camera default_config dhcp energy frontend history logbook mobile_app "
    "recorder ssdp stream usb zeroconf mqtt"
).split()
LEFT_OUT = {"default_config"}


def main(components: Path) -> None:
    """Print the requirements of the closure of dependencies, one a line."""
    seen: set[str] = set(LEFT_OUT)
    requirements: set[str] = set()
    waiting = list(INTEGRATIONS)
    while waiting:
        domain = waiting.pop()
        manifest = components / domain / "manifest.json"
        if domain in seen or not manifest.exists():
            continue
        seen.add(domain)
        content = json.loads(manifest.read_text())
        requirements.update(content.get("requirements", []))
        waiting += content.get("dependencies", []) + content.get("after_dependencies", [])
    print("\n".join(sorted(requirements, key=str.lower)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
