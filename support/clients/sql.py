"""Questions to one database member, asked by the observer inside the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.observers.observer import Observer

Row = Mapping[str, Any]


class QuestionFailed(Exception):
    """A member did not answer a question, or refused it; `sqlstate` is the database's own code, empty if none."""

    def __init__(self, host: str, error: str, sqlstate: str) -> None:
        super().__init__(f"{host}: {error}" + (f" ({sqlstate})" if sqlstate else ""))
        self.error = error
        self.sqlstate = sqlstate


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks."""

    user: str
    password: str
    database: str

    def __repr__(self) -> str:
        return f"Account({self.user}@{self.database})"  # never the password


class SqlClient:
    """Asks as one account; a new connection for each question, so that an old one hides nothing."""

    def __init__(self, observer: Observer, account: Account, port: int = 5432) -> None:
        self._observer, self._account, self._port = observer, account, port

    def ask(self, host: str, statement: str, params: Sequence[Any] = (), within: float = 5.0) -> list[Row]:
        """The rows of the answer, each by column name. Raises QuestionFailed, within `within` seconds."""
        answer = self._observer.ask_sql(
            host,
            self._port,
            self._account.user,
            self._account.password,
            self._account.database,
            statement,
            params,
            within=within,
        )
        if answer.error:
            raise QuestionFailed(host, answer.error, answer.sqlstate or "")
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def code(self, host: str, statement: str, params: Sequence[Any] = (), within: float = 5.0) -> str:
        """The database's code for a refusal, empty when the statement was done. Raises QuestionFailed without code."""
        try:
            self.ask(host, statement, params, within)
        except QuestionFailed as error:
            if not error.sqlstate:
                raise
            return error.sqlstate
        return ""

    def value(self, host: str, statement: str, params: Sequence[Any] = (), within: float = 5.0) -> Any:
        """The first value of the first row; QuestionFailed also when there is no row."""
        rows = self.ask(host, statement, params, within)
        if not rows:
            raise QuestionFailed(host, "no row came back", "")
        return next(iter(rows[0].values()))
