"""Safe for whom, in which combination, and after how long?"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forwhom.api import run as run
    from forwhom.errors import InputError as InputError
    from forwhom.guard.client import protect as protect
    from forwhom.probes.probe import probe as probe
    from forwhom.systems.layer import paradigm as paradigm
    from forwhom.systems.mitigation import Mitigation as Mitigation
    from forwhom.systems.mitigation import mitigation as mitigation
    from forwhom.systems.system import System as System
    from forwhom.users.user import User as User

_PUBLIC = {
    "run": "forwhom.api",
    "protect": "forwhom.guard.client",
    "User": "forwhom.users.user",
    "System": "forwhom.systems.system",
    "probe": "forwhom.probes.probe",
    "paradigm": "forwhom.systems.layer",
    "Mitigation": "forwhom.systems.mitigation",
    "mitigation": "forwhom.systems.mitigation",
    "InputError": "forwhom.errors",
}
__all__ = ["InputError", "Mitigation", "System", "User", "mitigation", "paradigm", "probe", "protect", "run"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `forwhom --help` need not wait for Inspect.
    if name == "__version__":
        return version("forwhom")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'forwhom' has no attribute '{name}'")
    return getattr(import_module(_PUBLIC[name]), name)
