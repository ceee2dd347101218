"""A real PostgreSQL in a folder of its own: of the package pgserver, else of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgres() -> Iterator[str]:
    """Its URL; skips the test where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="forwhom-pg"))  # the path of a socket must be short
    try:
        try:
            import pgserver
        except ImportError:
            with _of_this_machine(folder) as url:
                yield url
        else:
            server = pgserver.get_server(folder)
            try:
                yield str(server.get_uri())
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _of_this_machine(folder: Path) -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else "")
    if not initdb:
        pytest.skip("neither the package pgserver nor a PostgreSQL of this machine is there")
    bin_, data = Path(initdb).parent, folder / "data"
    as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_other:
        shutil.chown(folder, "postgres")
    quiet = {"check": True, "capture_output": True}
    subprocess.run([*as_other, initdb, "-D", data, "-U", "postgres", "-A", "trust"], **quiet)  # type: ignore[call-overload]
    control = [*as_other, bin_ / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", f"-k {folder} -c listen_addresses=''", "start"], **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)
