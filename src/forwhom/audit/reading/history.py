"""Earlier versions of what the agent is and knows: from Git's objects, and from copies beside the files.

Git is not run: a repository's own configuration can name programs that it would start.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

from forwhom.audit.finding import Place
from forwhom.audit.reading.deployment import Version
from forwhom.audit.reading.tree import TEXT, Tree

_COMMITS = 2_000
_TOLD = re.compile(
    r"(?:^|/)(?:(?:SOUL|IDENTITY|AGENTS|USER|MEMORY|TOOLS|memory)\.md|memory/[^/]+\.md|users/[^/]+/USER\.md)$"
)
_BACKUP = re.compile(r"\.(?:bak|old|orig|backup|save)(?:[.\-~]?\d*)?$|~$|\.bak\.", re.IGNORECASE)
_ARCHIVE = (".tar.gz", ".tgz", ".tar", ".zip")
_MEMBERS = 2_000
_UNPACKED = 64_000_000  # bytes of all members that are read of one archive


def versions_of(tree: Tree, workspace: Path) -> Iterator[Version]:
    """Of the workspace's repository, oldest first; a file's version where it changed."""
    folder = workspace / ".git"
    if not tree.is_folder(folder):
        return
    try:
        with Repo(str(workspace)) as repository:
            yield from _versions(tree, repository, workspace)
    except (NotGitRepository, KeyError, OSError, ValueError, AssertionError) as error:
        tree.skip(folder, f"is no readable repository: {' '.join(str(error).split())[:80]}")


def _versions(tree: Tree, repository: Repo, workspace: Path) -> Iterator[Version]:
    try:
        head = repository.head()
    except KeyError:
        return  # no commit yet
    entries = list(repository.get_walker(include=[head], max_entries=_COMMITS + 1))
    if len(entries) > _COMMITS:
        tree.skip(workspace / ".git", f"has more than {_COMMITS:,} commits; older ones were not read")
    seen: dict[str, bytes] = {}
    for entry in reversed(entries[:_COMMITS]):
        commit = entry.commit
        now = dict(_blobs(repository, commit.tree, ""))
        for path, sha in now.items():
            if seen.get(path) == sha:
                continue
            blob = repository[sha]
            data = getattr(blob, "data", b"")
            if len(data) <= TEXT:
                yield Version(
                    tree.name(workspace / path), data.decode("utf-8", errors="replace"),
                    float(commit.commit_time), commit.author.decode("utf-8", errors="replace"),
                    commit.id.decode()[:12], commit.message.decode("utf-8", errors="replace").strip(),
                )  # fmt: skip
        seen = now


def _blobs(repository: Repo, tree_id: Any, prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Only regular files that matter, and only folders that may hold them."""
    tree: Any = repository[tree_id]
    for item in tree.items():
        path = prefix + item.path.decode("utf-8", errors="replace")
        if item.mode == 0o040000 and depth < 3 and path.split("/")[0] in ("memory", "users"):
            yield from _blobs(repository, item.sha, f"{path}/", depth + 1)
        elif item.mode in (0o100644, 0o100755) and _TOLD.search(path):
            yield path, item.sha


def copies_in(tree: Tree, folders: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Backups beside the files: (path, whether it is an archive)."""
    for folder in dict.fromkeys(folders):
        for path in tree.files(folder) if folder.is_dir() else ():
            if path.name.endswith(_ARCHIVE):
                yield path, True
            elif _BACKUP.search(path.name) and _TOLD.search(_BACKUP.sub("", path.as_posix())):
                yield path, False


def versions_in(tree: Tree, path: Path, *, is_archive: bool) -> Iterator[Version]:
    """What a backup holds. file: as "archive!member", or of the copy itself."""
    at = path.lstat().st_mtime
    if not is_archive:
        told = tree.text(path)
        if told is not None:
            yield Version(_BACKUP.sub("", tree.name(path)), told, at, "", path.name)
        return
    for member, data in _members(tree, path):
        if _TOLD.search(member):
            told = data.decode("utf-8", errors="replace")
            yield Version(f"{tree.name(path)}!{member}", told, at, "", path.name)


def _members(tree: Tree, path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of regular members; bounded, nothing is written to disk."""
    left = _UNPACKED
    try:
        if path.name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist()[:_MEMBERS]:
                    if (
                        not info.is_dir()
                        and _TOLD.search(info.filename)
                        and info.file_size <= min(TEXT, left)
                    ):
                        with archive.open(info) as file:
                            data = file.read(TEXT)
                        left -= len(data)
                        yield info.filename, data
        else:
            with tarfile.open(path, "r:*") as tar:
                for number, member in enumerate(tar):
                    left -= member.size
                    if number >= _MEMBERS or left < 0:
                        tree.skip(path, f"is larger than {_UNPACKED:,} bytes unpacked; the rest was not read")
                        return
                    if member.isfile() and _TOLD.search(member.name) and member.size <= TEXT:
                        handle = tar.extractfile(member)
                        yield member.name, handle.read(TEXT) if handle else b""
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        tree.skip(path, f"is no readable archive: {' '.join(str(error).split())[:80]}")


def as_places(tree: Tree, paths: Iterable[Path]) -> tuple[Place, ...]:
    return tuple(Place(file=tree.name(one)) for one in paths)
