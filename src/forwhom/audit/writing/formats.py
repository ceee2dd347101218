"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable

from forwhom.audit.audited import Audited
from forwhom.audit.writing.as_html import as_html
from forwhom.audit.writing.as_json import as_json
from forwhom.audit.writing.as_markdown import as_markdown
from forwhom.audit.writing.as_sarif import as_sarif

WRITERS: dict[str, Callable[[Audited], str]] = {
    "html": as_html, "json": as_json, "sarif": as_sarif, "markdown": as_markdown,
}  # fmt: skip
