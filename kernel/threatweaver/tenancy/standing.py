"""How a tenant stands: suspended or not, whom it lets in, which modules it has. One query, kept for 3 s."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from threatweaver.db.transaction import CONTROL, Database, connection, current, in_scope
from threatweaver.http.errors import NoToken
from threatweaver.remembered import Remembered
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended
from threatweaver.tenancy.network import Network, network


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What every request of a tenant must pass."""

    suspended: bool
    network: Network
    denied: frozenset[str] = frozenset()  # modules that this tenant may not use
    versions: Mapping[str, str] = field(default_factory=dict)  # of the tables of each app

    def admit(self, address: str) -> None:
        """Raise TenantSuspended or AddressRefused unless a caller from this address may enter."""
        if self.suspended:
            raise TenantSuspended
        if self.network.refusal(address) is not None:
            raise AddressRefused


class Standings:
    """The standing of each tenant, at most three seconds old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: Remembered[UUID, Standing | None] = Remembered()

    async def of(self, tenant_id: UUID) -> Standing:
        """Return a tenant's standing. Raises NoToken when there is no such tenant any more."""
        found = await self._remembered.get(tenant_id, lambda: self._load(tenant_id))
        if found is None:
            raise NoToken
        return found

    async def admit(self, tenant_id: UUID, address: str) -> None:
        """Raise TenantSuspended or AddressRefused unless a caller from this address may enter."""
        (await self.of(tenant_id)).admit(address)

    def forget(self, tenant_id: UUID) -> None:
        """Drop what is remembered, so that this process sees a change of its own at once."""
        self._remembered.forget(tenant_id)

    async def _load(self, tenant_id: UUID) -> Standing | None:
        async with self._control():
            row = await connection().fetchrow(
                f"""SELECT suspended_at IS NOT NULL AS suspended,
                           (SELECT json_agg(json_build_array(kind, range))
                            FROM {CONTROL}.network_rule
                            WHERE tenant_id = $1 AND (expires_at IS NULL OR expires_at > now())) AS rules,
                           ARRAY(SELECT module_id FROM {CONTROL}.tenant_module
                                 WHERE tenant_id = $1) AS denied,
                           (SELECT json_object_agg(app, version)
                            FROM {CONTROL}.tenant_app WHERE tenant_id = $1) AS versions
                    FROM {CONTROL}.tenant WHERE id = $1""",
                tenant_id,
            )
        if row is None:
            return None
        rules = orjson.loads(row["rules"]) if row["rules"] else []
        return Standing(
            suspended=row["suspended"],
            network=network(rules),
            denied=frozenset(row["denied"]),
            versions=orjson.loads(row["versions"]) if row["versions"] else {},
        )

    @asynccontextmanager
    async def _control(self) -> AsyncIterator[None]:
        """Use the open unit: a second connection from within a transaction could wait for itself.

        A tenant's unit may not read this; a request there has its standing from the gates (`ctx.standing`).
        """
        if in_scope():
            current(CONTROL)
            yield
        else:
            async with self._database.control(read_only=True):
                yield
