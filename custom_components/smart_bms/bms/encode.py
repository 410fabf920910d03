"""Prints writes as bytes: `script/encode FAMILY VARIANT PARAMETER=VALUE…`, the inverse of what `script/decode` shows for them.

It only knows bytes: whether a value is sensible, or the pack would take it, is not its business.
"""

import argparse
import signal
import sys
from typing import Final

from .daly.records import encode_text as encode_daly
from .jbd.records import encode_text as encode_jbd
from .jk.records import encode_text as encode_jk
from .smart123.records import encode_text as encode_smart123

FAMILIES: Final = {"jk": encode_jk, "jbd": encode_jbd, "daly": encode_daly, "smart123": encode_smart123}
"""Each takes variant, parameter and the value as text, None for a command. Raises ValueError."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="script/encode", description="Print the bytes that write a parameter.")
    parser.add_argument("family", choices=sorted(FAMILIES))
    parser.add_argument("variant", help="as script/decode prints it, for example JK02_32S")
    parser.add_argument("changes", nargs="+", metavar="PARAMETER=VALUE", help="a command has no =VALUE")
    options = parser.parse_args(arguments)
    for change in options.changes:
        parameter, _, value = change.partition("=")
        try:
            frame = FAMILIES[options.family](options.variant, parameter, value if "=" in change else None)
        except ValueError as error:
            sys.stderr.write(f"{change}: {error}\n")
            return 1
        sys.stdout.write(frame.hex() + "\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads our output may stop when they have seen enough
    sys.exit(main())
