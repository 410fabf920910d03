"""A PostgreSQL of one's own for a run: the programs of Debian's package, a folder that goes with it, on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import pwd
import shutil
import socket
import subprocess
import tempfile
from typing import Final

_USER: Final = "postgres"
"""Of the package: the server does not run as root."""
_DATABASE: Final = "homeassistant"


def _programs() -> Path:
    """Return where the newest server of Debian's packages is. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("install Debian's package postgresql first")
    return found[-1].parent


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server; yield the address of an empty database, for a recorder. Raises FileNotFoundError."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="smart_bms_database_"))
    user = _USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(name: str, *arguments: str) -> None:
        command = [str(programs / name), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", user, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)

    data = folder / "data"
    try:
        run("initdb", "-D", str(data), "-A", "trust", "-U", user, "--no-sync")
        settings = f"-h 127.0.0.1 -p {port} -k {folder}"
        run("pg_ctl", "-D", str(data), "-w", "-o", settings, "-l", str(folder / "log"), "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", user, _DATABASE)
            yield f"postgresql://{user}@127.0.0.1:{port}/{_DATABASE}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
