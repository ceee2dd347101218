"""Whether the packages that draw and read pictures are installed; they are an extra."""

from __future__ import annotations

from importlib.util import find_spec

from forwhom.errors import InputError

_PACKAGES = {"PIL": "pillow", "rapidocr": "rapidocr", "onnxruntime": "onnxruntime"}


def what_is_missing() -> str:
    """What to install, in words; "" where all is there. Loads nothing."""
    missing = [package for module, package in _PACKAGES.items() if find_spec(module) is None]
    if not missing:
        return ""
    return (
        f"Pictures are drawn and read with {' and '.join(missing)}, which is not installed.\n"
        "Install it with: pip install 'forwhom[images]'"
    )


def require() -> None:
    """Raises InputError that names the extra where it is missing."""
    if missing := what_is_missing():
        raise InputError(missing)
