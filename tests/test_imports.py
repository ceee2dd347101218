"""Data runs one way: nothing on the right is imported by anything on its left."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "forwhom"
ORDER = [
    "taxonomy",
    "users",
    "systems",
    "paradigms",
    "products",
    "openclaw",
    "mitigations",
    "probes",
    "lives",
    "results",
    "statistics",
    "monitor",
    "guard",
    "studies",
    "reports",
    "audit",
    "cli",
]


def test_imports_run_downwards_only() -> None:
    wrong = []
    for file in SOURCE.rglob("*.py"):
        room = file.relative_to(SOURCE).parts[0]
        if room not in ORDER:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("forwhom."):
                other = str(node.module).split(".")[1]
                if other in ORDER and ORDER.index(other) > ORDER.index(room):
                    wrong.append(f"{file.relative_to(SOURCE)} imports {node.module}")
    assert wrong == []


def test_no_file_is_two_rooms() -> None:
    long = [f.name for f in SOURCE.rglob("*.py") if len(f.read_text("utf-8").splitlines()) > 300]
    assert long == []
