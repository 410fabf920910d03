"""Runs a module of the packs' side alone:  pure.py MODULE ARGUMENT…

Its folder comes last in the search path: Home Assistant's platforms beside it bear names of the standard library.
"""

from pathlib import Path
import runpy
import sys

INTEGRATION = Path(__file__).resolve().parents[2] / "custom_components" / "smart_bms"

if __name__ == "__main__":
    sys.path.append(str(INTEGRATION))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
