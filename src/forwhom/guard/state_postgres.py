"""State in PostgreSQL, which several proxies may share. A connection that was lost is opened again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from forwhom.errors import InputError

_PATIENCE = 10  # seconds to connect
_STATEMENT = "15s"


class Postgres:
    lock = " FOR UPDATE"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise InputError("--state: PostgreSQL needs psycopg: pip install 'forwhom[guard]'") from None
        self._psycopg, self._url = psycopg, url
        try:
            self._connection = self._connected()
        except psycopg.Error as error:
            # Never the URL, which may hold a password.
            why = str(error).splitlines()[0].removesuffix(".")
            raise InputError(f"--state: PostgreSQL cannot be reached: {why}. Is it running?") from None

    def _connected(self) -> Any:
        return self._psycopg.connect(
            self._url, autocommit=True, connect_timeout=_PATIENCE, application_name="forwhom guard",
            options=f"-c statement_timeout={_STATEMENT} -c synchronous_commit=on",
        )  # fmt: skip

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Whoever wrote in one that failed by a lost connection writes again: it may have been committed."""
        self._alive()
        with self._connection.transaction():
            yield

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        if self._connection.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE:
            self._alive()
        cursor = self._connection.execute(sql.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    def _alive(self) -> None:
        if self._connection.closed:
            self._connection = self._connected()

    def close(self) -> None:
        with suppress(self._psycopg.Error):
            self._connection.close()
