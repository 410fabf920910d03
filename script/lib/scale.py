"""Many packs over some proxies, in a real Home Assistant: how fresh, how fair, and what it costs.

Packs and proxies are simulated, in the process of Home Assistant; their CPU time is counted and taken off.
"""

import argparse
import csv
from dataclasses import dataclass
import importlib
import json
import os
from pathlib import Path
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from typing import Any, Final

from script.lib import demo
from script.lib.database_server import postgresql

ROOT: Final = Path(__file__).resolve().parents[2]
CASES: Final = ((1, 1), (4, 2), (8, 3), (8, 2), (16, 6), (16, 4), (64, 22), (64, 4))
"""Packs, and proxies of three slots."""
START: Final = 180
"""s that starting, adding and ending may take at most, beside the measurement; and more for each pack."""
BUDGET: Final = 0.08
"""s of CPU per pack and minute."""
FRESH: Final = 60.0
"""s of age at most."""
FAIR: Final = 0.2
"""By which the mean age of a pack may differ from that of all."""
CONFIGURATION: Final = """\
homeassistant:
  name: Scale
  time_zone: Europe/Amsterdam
  country: NL
history:
bluetooth:
recorder:
  commit_interval: 5
{database}
smart_bms_lab:
  scale:
    packs: {packs}
    proxies: {proxies}
    seconds: {seconds}
    result: {result}
logger:
  default: error
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One run."""

    packs: int
    proxies: int
    seconds: int
    database: str = ""
    """Address of a database server; empty for the file that Home Assistant has by default."""


def prepare(folder: Path, case: Case, port: int) -> Path:
    """Write a configuration; return where the result will be."""
    result = folder / "result.json"
    database = f"  db_url: {case.database}" if case.database else ""
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            packs=case.packs, proxies=case.proxies, seconds=case.seconds, result=result, database=database
        )
    )
    storage = folder / ".storage"
    storage.mkdir()
    demo.write_storage(storage, "http", 2, 2, demo.http_settings(port))
    components = folder / "custom_components"
    components.mkdir()
    for name, target in (("smart_bms", "custom_components/smart_bms"), ("smart_bms_lab", "lab/smart_bms_lab")):
        (components / name).symlink_to(ROOT / target)
    return result


_ROWS: Final = (
    "SELECT count(*) FROM states JOIN states_meta ON states.metadata_id = states_meta.metadata_id"
    " WHERE states_meta.entity_id LIKE '%.scale_%'"
)


def rows_of(folder: Path, database: str) -> tuple[int, int]:
    """Return the rows of states in the database, and its size in bytes."""
    if database:
        return rows_on_server(database)
    path = folder / "home-assistant_v2.db"
    if not path.exists():
        return 0, 0
    with sqlite3.connect(path) as file:
        (count,) = file.execute(_ROWS).fetchone()
    return count, path.stat().st_size


def rows_on_server(address: str) -> tuple[int, int]:
    """Return the same of a PostgreSQL."""
    sys.path.insert(0, os.environ["SMART_BMS_DATABASE_DRIVER"])
    driver = importlib.import_module("psycopg2")
    with driver.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(_ROWS)
        (count,) = cursor.fetchone()
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    return count, size


def run(case: Case, port: int) -> dict[str, Any]:
    """Run one case; return what was measured."""
    folder = Path(tempfile.mkdtemp(prefix="smart_bms_scale_"))
    try:
        result = prepare(folder, case, port)
        command = [str(Path(sys.executable).parent / "hass"), "--config", str(folder), "--skip-pip"]
        with (folder / "console.log").open("w") as log:
            # With our own path Home Assistant would look for custom integrations there only.
            environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
            if case.database:
                environment["PYTHONPATH"] = os.environ["SMART_BMS_DATABASE_DRIVER"]
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
            try:
                process.wait(START + 6 * case.packs + case.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not result.exists():
            lines = (folder / "console.log").read_text().splitlines()[-15:]
            raise RuntimeError(f"Home Assistant ended with {process.returncode}:\n" + "\n".join(lines))
        found: dict[str, Any] = json.loads(result.read_text())
        if "error" in found:
            raise RuntimeError(found["error"])
        found["rows"], found["bytes"] = rows_of(folder, case.database)
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def summary(case: Case, found: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the table."""
    means = [mean for mean in found["mean_age"] if mean is not None]
    # Who is near a protection keeps its slot: that is no matter of fairness.
    alike = [
        mean
        for mean, guarded in zip(found["mean_age"], found["guarded"], strict=True)
        if mean is not None and not guarded
    ] or means
    middle_of_alike = sum(alike) / len(alike) if alike else 0.0
    middle = sum(means) / len(means) if means else 0.0
    firsts = sorted(first for first in found["first_values"] if first is not None)
    hours = found["minutes"] / 60
    return {
        "packs": case.packs,
        "proxies": case.proxies,
        "added": found["added"],
        "shown": sum(age is not None for age in found["oldest"]),
        "mean_age": round(middle, 1),
        "oldest": round(max((age for age in found["oldest"] if age is not None), default=0.0), 1),
        "unfair": round(
            max((abs(mean - middle_of_alike) for mean in alike), default=0.0) / middle_of_alike
            if middle_of_alike
            else 0.0,
            2,
        ),
        "unavailable": round(max(found["unavailable"]), 3),
        "first_value": firsts[0] if firsts else None,
        "last_value": firsts[-1] if firsts else None,
        "cpu": round(found["cpu_per_pack_and_minute"], 3),
        "memory_mb": round(found["memory_mb"]),
        "block_ms": round(found["longest_block_ms"]),
        "rows_an_hour": round(found["changes"] / case.packs / hours),
        "bytes_a_row": round(found["bytes"] / found["rows"]) if found["rows"] else 0,
        "imported": found["imported"],
        "statistics": found["statistics"],
    }


def chart(lines: list[dict[str, Any]]) -> str:
    """Return bars of the oldest value that was shown."""
    longest = max(FRESH, *(line["oldest"] for line in lines))
    return "\n".join(
        f"{line['packs']:3} packs, {line['proxies']:2} proxies  {'#' * round(40 * line['oldest'] / longest):40}"
        f" {line['oldest']:5.1f} s"
        for line in lines
    )


def main() -> int:
    """Print it; return 1 if anything is beyond its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=180, help="to measure each case (180)")
    parser.add_argument("--only", default="", help="cases, as in 8x2,64x4")
    parser.add_argument("--csv", default="", help="write the table there too")
    parser.add_argument("--port", type=int, default=8129, help="of Home Assistant, on loopback (8129)")
    parser.add_argument(
        "--details", action="store_true", help="print the mean ages of the packs, and which entities changed most"
    )
    parser.add_argument("--postgresql", action="store_true", help="with a database server, started for the run")
    options = parser.parse_args()
    if options.postgresql:
        with postgresql() as address:
            return measure(options, address)
    return measure(options, "")


def measure(options: argparse.Namespace, database: str) -> int:
    """Run the cases that were asked for; return 1 if anything is beyond its limit."""
    chosen = [tuple(map(int, part.split("x"))) for part in options.only.split(",") if part] or list(CASES)
    lines: list[dict[str, Any]] = []
    failed = 0
    for packs, proxies in chosen:
        case = Case(packs, proxies, options.seconds, database)
        found = run(case, options.port)
        line = summary(case, found)
        if not lines:
            print(" ".join(f"{key:>13}" for key in line))
        lines.append(line)
        print(" ".join(f"{value!s:>13}" for value in line.values()), flush=True)
        if options.details:
            print("    mean ages", [mean and round(mean, 1) for mean in found["mean_age"]], "guarded", found["guarded"])
            print("\n".join(f"    {count:6} {name}" for name, count in found["most"]), flush=True)
        failed += line["added"] < packs or line["shown"] < packs or line["oldest"] > FRESH or line["cpu"] > BUDGET
    print("\nAge of the oldest value that was shown\n" + chart(lines))
    if options.csv:
        with Path(options.csv).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            writer.writeheader()
            writer.writerows(lines)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
