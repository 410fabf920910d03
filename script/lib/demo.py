"""The demo's Home Assistant: a configuration without onboarding, areas, and most of the simulated packs set up through the UI's own flow.

demo.py prepare  FOLDER PORT [fresh]      write the configuration, if it is not there yet
demo.py populate FOLDER PORT PID    wait until Home Assistant runs, add packs if there are none
"""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
import json
import os
from pathlib import Path
import secrets
import shutil
import socket
import sys
import time
from typing import Any
from urllib import request
from urllib.error import URLError

import bcrypt
from homeassistant.generated.languages import NATIVE_ENTITY_IDS
from homeassistant.util import slugify
import jwt

ROOT = Path(__file__).resolve().parents[2]
USER = "demo"
CONTROLLED = ("C8:47:80:12:5A:01", "A5:C2:37:28:18:04", "40:17:10:01:5C:06")
"""Their owner allows control; the other pack shows how it is without."""
SET_UP = (
    "C8:47:80:12:5A:01",
    "C8:47:8C:30:7B:02",
    "A5:C2:37:28:18:04",
    "40:17:10:01:5C:06",
    "C8:47:80:12:5A:08",
    "D4:11:09:00:0D:02",
)
BANKED = ("C8:47:80:12:5A:01", "40:17:10:01:5C:06")
"""Two packs of sixteen cells, of different families, that stand in parallel."""
BANK = "Home storage"
DASHBOARD_PATH = "smart-bms"
FAVORITE_PACKS = ("Home storage", "Solar storage", "123 SmartBMS 0D 02", "Caravan", "JK BD6A24S10P 7B 02")
"""What the overview shows first."""
PIN = "1234"
"""Of the last of those that are set up."""
START_TIMEOUT = 180
BLUEPRINTS = Path("blueprints") / "automation" / "smart_bms"

CONFIGURATION = """\
homeassistant:
  name: Smart BMS demo
  latitude: 52.1
  longitude: 5.1
  elevation: 5
  unit_system: metric
  time_zone: Europe/Amsterdam
  currency: EUR
  country: NL
  language: LANGUAGE
frontend:
history:
logbook:
energy:
bluetooth:
recorder:
  commit_interval: 1
smart_bms_lab:
input_number:
  solar_charger:
    name: Solar charger
    icon: mdi:solar-power
    min: 0
    max: 60
    step: 0.1
    unit_of_measurement: A
# Those that are made in the user interface, and one that is there from the start.
automation: !include automations.yaml
automation demo:
  - id: solar_charger
    alias: Keep the solar charger to the limit of its battery
    use_blueprint:
      path: smart_bms/limit_charger.yaml
      input:
        limit: CURRENT_LIMIT
        allowed: CHARGE_ALLOWED
        charger: input_number.solar_charger
        most: 40
logger:
  default: warning
  logs:
    custom_components.smart_bms: info
    # Neither camera pictures nor video are part of the demo.
    haffmpeg: fatal
    homeassistant.components.camera.img_util: fatal
"""


LANGUAGE = os.environ.get("SMART_BMS_DEMO_LANGUAGE", "en")
TEXTS = ROOT / "custom_components" / "smart_bms" / "translations" / f"{LANGUAGE}.json"


def entity_id(pack: str, platform: str, key: str) -> str:
    """Return the id that Home Assistant gives to an entity of a pack: from its name, where the language has letters for that."""
    file = TEXTS if LANGUAGE in NATIVE_ENTITY_IDS else TEXTS.with_name("en.json")
    name = json.loads(file.read_text())["entity"][platform][key]["name"]
    return f"{platform}.{slugify(f'{pack} {name}')}"


def configuration() -> str:
    """Return the configuration in the language of the demo."""
    return (
        CONFIGURATION.replace("LANGUAGE", LANGUAGE)
        .replace("CURRENT_LIMIT", entity_id("Solar storage", "sensor", "charge_current_limit"))
        .replace("CHARGE_ALLOWED", entity_id("Solar storage", "binary_sensor", "charge_allowed"))
    )


def prepare(folder: Path, port: int, *, fresh: bool) -> None:
    """Write configuration and storage for a first start without questions."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            # Home Assistant itself would go on elsewhere, open to the whole network.
            sys.exit(f"error: port {port} is in use, perhaps by another demo. End it, or set SMART_BMS_DEMO_PORT.")
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.yaml").write_text(configuration())
    (folder / "automations.yaml").touch()
    # As a user would have imported them.
    shutil.copytree(ROOT / BLUEPRINTS, folder / BLUEPRINTS, dirs_exist_ok=True)
    components = folder / "custom_components"
    components.mkdir(exist_ok=True)
    for name, target in (("smart_bms", "custom_components/smart_bms"), ("smart_bms_lab", "lab/smart_bms_lab")):
        link = components / name
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / target)
    write_storage(storage, "http", 2, 2, http_settings(port))
    if not (storage / "auth").exists():
        write_storage(storage, "onboarding", 4, 1, {"done": ["user", "core_config", "analytics", "integration"]})
        write_storage(storage, "auth", 1, 1, _auth())
        # Suggestions would take the place of favorites, and they need weeks of habits.
        home = {
            "favorite_entities": [entity_id(pack, "sensor", "soc") for pack in FAVORITE_PACKS],
            "hide_suggested_entities": True,
        }
        core = {"default_panel": DASHBOARD_PATH}
        write_storage(storage, "frontend.system_data", 1, 1, {"home": home, "core": core})
        write_storage(storage, "lovelace_dashboards", 1, 1, {"items": [_dashboard()]})
        content = {"config": {"strategy": {"type": "custom:smart-bms"}}}
        write_storage(storage, f"lovelace.{_dashboard()['id']}", 1, 1, content)
        password = b64encode(bcrypt.hashpw(USER.encode(), bcrypt.gensalt(rounds=10))).decode()
        write_storage(
            storage, "auth_provider.homeassistant", 1, 1, {"users": [{"username": USER, "password": password}]}
        )


def write_storage(storage: Path, key: str, version: int, minor: int, data: dict[str, Any]) -> None:
    """Write one of the files that Home Assistant stores."""
    path = storage / key
    path.write_text(json.dumps({"version": version, "minor_version": minor, "key": key, "data": data}))
    path.chmod(0o600)


def _dashboard() -> dict[str, Any]:
    """Return the dashboard on which the demo opens: it finds the batteries by itself."""
    return {
        "id": DASHBOARD_PATH.replace("-", "_"),
        "url_path": DASHBOARD_PATH,
        "title": "Batteries",
        "icon": "mdi:battery-heart-variant",
        "show_in_sidebar": True,
        "require_admin": False,
        "mode": "storage",
    }


def http_settings(port: int) -> dict[str, Any]:
    """Return what is stored about a server on loopback."""
    stable = {
        "server_port": port,
        "server_host": ["127.0.0.1"],
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": datetime.now(UTC).isoformat(),
        "error": None,
        "error_message": None,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}


def _auth() -> dict[str, Any]:
    user, credential, token = (secrets.token_hex(16) for _ in range(3))
    groups = (("system-admin", "Administrators"), ("system-users", "Users"), ("system-read-only", "Read Only"))
    return {
        "users": [
            {
                "id": user,
                "group_ids": ["system-admin"],
                "is_owner": True,
                "is_active": True,
                "name": "Demo",
                "system_generated": False,
                "local_only": False,
            }
        ],
        "groups": [{"id": key, "name": name} for key, name in groups],
        "credentials": [
            {
                "id": credential,
                "user_id": user,
                "auth_provider_type": "homeassistant",
                "auth_provider_id": None,
                "data": {"username": USER},
            }
        ],
        "refresh_tokens": [
            {
                "id": token,
                "user_id": user,
                "client_id": None,
                "client_name": "script/demo",
                "client_icon": None,
                "token_type": "long_lived_access_token",
                "created_at": datetime.now(UTC).isoformat(),
                "access_token_expiration": timedelta(days=3650).total_seconds(),
                "token": secrets.token_hex(64),
                "jwt_key": secrets.token_hex(64),
                "last_used_at": None,
                "last_used_ip": None,
                "expire_at": None,
                "credential_id": None,
                "version": None,
            }
        ],
    }


def access_token(folder: Path) -> str:
    """Return a token for the API of the demo."""
    auth = json.loads((folder / ".storage" / "auth").read_text())["data"]
    token = next(item for item in auth["refresh_tokens"] if item["token_type"] == "long_lived_access_token")
    now = int(time.time())
    return jwt.encode({"iss": token["id"], "iat": now, "exp": now + 86400}, token["jwt_key"], algorithm="HS256")


class Api:
    """The REST API of the demo."""

    def __init__(self, folder: Path, port: int) -> None:
        """Speak as the demo user."""
        self._base = f"http://127.0.0.1:{port}/api/"
        self._headers = {"Authorization": f"Bearer {access_token(folder)}", "Content-Type": "application/json"}

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Get, or post if there is a body."""
        data = None if body is None else json.dumps(body).encode()
        with request.urlopen(request.Request(self._base + path, data, self._headers), timeout=60) as answer:
            return json.load(answer)

    def answer(self, step: Any, answer: dict[str, Any]) -> Any:
        """Submit a step of a flow; return what the user sees next, once nothing is under way any more."""
        path = f"config/config_entries/flow/{step['flow_id']}"
        step = self.call(path, answer)
        while step["type"] == "progress":
            time.sleep(0.5)
            step = self.call(path)
        return step

    def shows(self, entity_id: str, value: str) -> bool:
        """Return whether an entity has this state."""
        return any(state["entity_id"] == entity_id and state["state"] == value for state in self.call("states"))


def populate(folder: Path, port: int, pid: int) -> None:
    """Wait until Home Assistant runs, then add packs the way a user would."""
    deadline = time.monotonic() + START_TIMEOUT
    api = Api(folder, port)
    while True:
        try:
            if api.call("config")["state"] == "RUNNING":
                break
        except URLError, OSError:
            pass
        if time.monotonic() > deadline or not _alive(pid):
            sys.exit("Home Assistant did not get ready in time")
        time.sleep(0.5)
    populated = folder / ".populated"
    if populated.exists():
        return
    entries: dict[str, str] = {}
    for address in SET_UP:
        print(f"    adding the simulated pack {address}", flush=True)
        step = api.call("config/config_entries/flow", {"handler": "smart_bms"})
        step = api.answer(step, {"next_step_id": "search"})
        while step.get("step_id") == "nothing_found" and time.monotonic() < deadline:
            time.sleep(1)
            step = api.answer(step, {})
        step = api.answer(step, {"address": address})
        if str(step.get("step_id")).startswith("password"):
            step = api.answer(step, {"password": PIN})
        step = api.answer(step, {})
        if step["type"] != "create_entry":
            sys.exit(f"{address} could not be added: {step}")
        entry = entries[address] = step["result"]["entry_id"]
        if address in CONTROLLED:
            step = api.call("config/config_entries/options/flow", {"handler": entry})
            for answer in ({"next_step_id": "control"}, {"allow_control": True}):
                api.call(f"config/config_entries/options/flow/{step['flow_id']}", answer)
    fill_energy_dashboard(api, entries)
    populated.touch()


def fill_energy_dashboard(api: Api, entries: dict[str, str]) -> None:
    """Make a bank of two packs, and put it on the energy dashboard, with sun and grid and a day behind them."""
    print("    making a bank, and a day that the packs have lived through", flush=True)
    step = api.call("config/config_entries/flow", {"handler": "smart_bms"})
    step = api.call(f"config/config_entries/flow/{step['flow_id']}", {"next_step_id": "bank"})
    chosen = {"name": BANK, "packs": [entries[address] for address in BANKED], "wiring": "parallel", "strings": 1}
    made = api.call(f"config/config_entries/flow/{step['flow_id']}", chosen)
    deadline = time.monotonic() + 30
    while not api.shows(entity_id("Home storage", "sensor", "counted_strings"), "2") and time.monotonic() < deadline:
        time.sleep(0.5)
    api.call("services/button/press", {"entity_id": entity_id(BANK, "button", "add_to_energy_dashboard")})
    # Entities that are made later carry the area in their ids.
    steer_inverter(api, made["result"]["entry_id"])
    api.call("services/smart_bms_lab/set_areas", {})
    api.call("services/smart_bms_lab/import_yesterday", {})


EQUIPMENT = (
    ("charge_current", "number.inverter_charge_current"),
    ("charge_voltage", "number.inverter_charge_voltage"),
    ("discharge_current", "number.inverter_discharge_current"),
)
"""What the bank of the demo steers, and which entity that is."""


def steer_inverter(api: Api, bank: str) -> None:
    """Have the simulated inverter follow the bank, through the forms that a user would fill in."""
    print("    having the simulated inverter follow the bank", flush=True)
    step = api.call("config/config_entries/options/flow", {"handler": bank})
    path = f"config/config_entries/options/flow/{step['flow_id']}"
    api.call(path, {"next_step_id": "equipment"})
    for kind, entity in EQUIPMENT:
        api.call(path, {"next_step_id": "equipment_add"})
        api.call(path, {"kind": kind, "entity": entity})
        # How it is written, as proposed.
        api.call(path, {})
    api.call(path, {"next_step_id": "equipment_preview"})
    api.call(path, {})
    switch, deadline = entity_id(BANK, "switch", "steering"), time.monotonic() + 30
    while not api.shows(switch, "off") and time.monotonic() < deadline:
        time.sleep(0.5)
    api.call("services/switch/turn_on", {"entity_id": switch})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    try:
        if sys.argv[1] == "prepare":
            prepare(Path(sys.argv[2]), int(sys.argv[3]), fresh="fresh" in sys.argv)
        else:
            populate(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    except KeyboardInterrupt:
        sys.exit(130)
