"""Text that others wrote, marked as theirs in a way that the text itself cannot end (arXiv:2403.14720)."""

from __future__ import annotations


def marked(text: str, heading: str) -> str:
    """`heading`, which says whose words follow, and every line of `text` behind a sign.

    Whatever follows must begin on a new line.
    """
    return "\n".join([heading, *(f"> {line}" for line in text.splitlines())])
