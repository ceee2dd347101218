"""Files that people write: YAML read safely, validated by one pydantic model, errors with the line.

Used for study files; anything else that a person writes by hand may use it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from forwhom.errors import InputError

M = TypeVar("M", bound=BaseModel)
_MAX_YAML = 5_000_000  # bytes


def read_text(path: Path, wanted: str, at_most: int) -> str:
    """A file's text. wanted: a sentence on what to name instead; at_most: bytes.

    Raises InputError for a folder, a missing or too large file, and what is no UTF-8.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it. {wanted}")
    if not path.is_file():
        raise InputError(f"{path}: no such file. {wanted}")
    try:
        if path.stat().st_size > at_most:
            raise InputError(f"{path}: larger than {at_most:,} bytes. {wanted}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not a text in UTF-8. {wanted}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}. {wanted}") from None


def read_yaml(path: Path, wanted: str = "") -> Any:
    """The parsed document; raises InputError as `read_text` does, and naming the line of a syntax error."""
    text = read_text(path, wanted, _MAX_YAML)
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(f"{path}, line {line}: not valid YAML: {error.problem}.") from None


def read_json(text: str, where: str) -> Any:
    """One parsed JSON value; raises InputError, said of `where`."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{where}: not valid JSON: {error}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply.") from None


def read_jsonl(text: str, path: Path) -> list[tuple[str, Any]]:
    """Every line's value, with the place that a message about it names; empty lines are left out."""
    # Not splitlines(): a JSON string may hold U+2028, which is no end of a line of JSONL.
    lines = [(f"{path}, line {number}", line) for number, line in enumerate(text.split("\n"), start=1)]
    return [(where, read_json(line, where)) for where, line in lines if line.strip()]


def validate(document: Any, schema: type[M], path: Path | str) -> M:
    """`document` as `schema`; raises InputError with the line and field of the first error."""
    if not isinstance(document, dict):
        raise InputError(f"{path}, line 1: expected settings (name: value), found {_kind(document)}.")
    try:
        return schema.model_validate(document)
    except ValidationError as failure:
        error = failure.errors()[0]
        # A part of a document that was copied out of it has no lines of its own.
        lined = isinstance(document, CommentedMap)
        where = f"{path}, line {line_of(document, error['loc'])}" if lined else str(path)
        field = ".".join(str(part) for part in error["loc"])
        if error["type"] == "extra_forbidden":
            name = str(error["loc"][-1])
            raise InputError(f"{where}: '{field}' is not a setting.{_guess(name, schema)}") from None
        # What is wrong of the whole, as two settings that do not go together, names its fields itself.
        raise InputError(": ".join(part for part in (where, field, said_of(error)) if part)) from None


def line_of(document: Any, location: Iterable[str | int]) -> int:
    """The 1-based line of the deepest part of `location` that the document has."""
    line = 1
    for part in location:
        if isinstance(document, CommentedMap) and part in document:
            line = document.lc.key(part)[0] + 1
            document = document[part]
        elif isinstance(document, CommentedSeq) and isinstance(part, int) and part < len(document):
            line = document.lc.item(part)[0] + 1
            document = document[part]
    return line


def _guess(name: str, schema: type[BaseModel]) -> str:
    known = _field_names(schema, set())
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"\nDid you mean '{near[0]}'?" if near else f"\nKnown: {', '.join(sorted(known))}."


def _field_names(schema: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
    seen.add(schema)
    names = set(schema.model_fields)
    for field in schema.model_fields.values():
        for candidate in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel) and candidate not in seen:
                names |= _field_names(candidate, seen)
    return names


def said_of(error: ErrorDetails) -> str:
    """A sentence: what pydantic said, what was found, and for a pattern what it stands for."""
    if error["type"] == "missing":
        return "is missing."
    told = error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch":
        told = (
            "only letters, digits and . _ - (in a system's name also space and +), at most 60; "
            "200 in a system's, 24 in a factor's"
        )
    if error["type"] == "too_short":
        told = f"needs at least {error['ctx']['min_length']}"
    return f"{told}." + ("" if error["type"] == "value_error" else f" Found: {error['input']!r}.")


def _kind(document: Any) -> str:
    if document is None:
        return "nothing"
    kinds = {CommentedSeq: "a list", str: "a text"}
    return next((name for kind, name in kinds.items() if isinstance(document, kind)), "a value")
