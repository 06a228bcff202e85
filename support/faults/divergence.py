"""A former leader is written to while another member leads: it goes a way of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from hamcrest import equal_to

from support.cluster.client import Cluster
from support.faults.base import LeavesNothing
from support.faults.processes import InOneContainer, Place
from support.faults.proof import FaultFailed, seen
from support.waiting import Deadline

_COMMAND_S = 10.0  # seconds; the server answers over its own socket in milliseconds
_CLIENT = "rows-of-its-own"
# Confirmed without any copy: the only follower that it would have to wait for follows somebody else now.
_LOCAL = "PGOPTIONS=-c synchronous_commit=local"
_INSERT = f"""
INSERT INTO probe.ledger (ledger_id, client, seq, payload, checksum)
SELECT :'ledger', '{_CLIENT}', number, 'a way of its own', '' FROM generate_series(1, :number) AS number;
"""  # noqa: S608 (a constant of this file)
_COUNT = "SELECT count(*) FROM probe.ledger WHERE ledger_id = :'ledger';\n"
_FOLLOWS = "SELECT pg_is_in_recovery();\n"


@dataclass(slots=True)
class DatabaseDiverged(InOneContainer, LeavesNothing):
    """Rows written to a member over its own socket, by nobody else's leave; rewinding that member removes them."""

    place: Place
    database: str
    ledger: str
    rows: int
    kind: str = field(default="database-diverged", init=False)
    seconds: float = field(default=0.0, init=False)
    why: str = field(default="the rows go when the member is rewound", init=False)

    @property
    def target(self) -> str:
        """Which member."""
        return f"{self.rows} rows in {self.place}"

    def precheck(self, cluster: Cluster) -> str:
        """The member still takes itself for the leader."""
        if self._ask(cluster, _FOLLOWS) != "f":
            raise FaultFailed(f"{self.place} follows already: it cannot go a way of its own")
        return "takes itself for the leader"

    def inject(self, cluster: Cluster) -> None:
        """Writes."""
        self._ask(cluster, _INSERT)

    def verify_injected(self, cluster: Cluster, within: float) -> str:
        """The rows are stored there."""

        def look(_: Deadline) -> str:
            return self._ask(cluster, _COUNT)

        seen(look, equal_to(str(self.rows)), within, f"{self.place} must have rows of its own")
        return f"{self.place} has {self.rows} rows of its own"

    def _ask(self, cluster: Cluster, statement: str) -> str:
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        names = [f"--set=ledger={self.ledger}", f"--set=number={self.rows}"]
        way = ["--host=/run/postgresql", "--username=postgres", f"--dbname={self.database}"]
        answer = cluster.exec(
            self.place.namespace,
            self.place.pod,
            ["env", _LOCAL, "psql", *options, *names, *way, "--file=-"],
            container=self.place.container,
            stdin=statement.encode(),
            within=_COMMAND_S,
        )
        if answer.code:
            raise FaultFailed(f"{self.place}: {answer.stderr.strip()}")
        return answer.stdout.strip()
