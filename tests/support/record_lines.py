"""Lines as script/decode reads them."""

import json
from typing import Any


def record(data: bytes | str, **more: Any) -> str:
    """Return a record with these bytes, which may be given in hex."""
    return json.dumps({"hex": data if isinstance(data, str) else data.hex(), **more})
