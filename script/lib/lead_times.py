"""Prints the table of lead times from what the tests recorded:  lead_times.py RESULTS."""

import sys
import xml.etree.ElementTree as ET

from tests.support.lead_time import HEAD


def main(results: str) -> None:
    """Print a line for each scenario and family, and how many were avoided."""
    lines = sorted(item.attrib["value"] for item in ET.parse(results).iter("property"))
    print(HEAD)
    for line in lines:
        print(line)
    avoided = sum(" avoided " in line for line in lines)
    print(f"{avoided} of {len(lines)} avoided; n: how often the blueprint switched")


if __name__ == "__main__":
    main(sys.argv[1])
