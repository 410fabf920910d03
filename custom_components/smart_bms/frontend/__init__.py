"""The cards and the dashboard: built files that Home Assistant's frontend loads by itself, without a resource to add."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

_FOLDER: Final = Path(__file__).parent
_ENTRY: Final = "smart-bms.js"
URL: Final = f"/{DOMAIN}_cards"


def _built() -> dict[str, str]:
    """Return the built files by name, with a hash of what is in them."""
    return {path.name: sha256(path.read_bytes()).hexdigest()[:8] for path in sorted(_FOLDER.glob("*.js"))}


async def async_register_cards(hass: HomeAssistant) -> None:
    """Serve the cards, and have every page load them.

    Browsers keep files for a month: the first one is asked for by its content, the others carry that in their name.
    """
    built = await hass.async_add_executor_job(_built)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(f"{URL}/{name}", str(_FOLDER / name), cache_headers=True) for name in built]
    )
    if "frontend" in hass.config.components:
        add_extra_js_url(hass, f"{URL}/{_ENTRY}?{built[_ENTRY]}")
