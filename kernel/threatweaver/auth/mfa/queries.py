"""Statements of the second factor that must hold across processes; in a control scope."""

from uuid import UUID

from threatweaver.db.transaction import connection


async def take_counter(user_id: UUID, counter: int) -> bool:
    """Note the time step of a code as used; False when it, or a later one, was used before."""
    taken = await connection().fetchval(
        """UPDATE user_account SET mfa_counter = $2
           WHERE id = $1 AND coalesce(mfa_counter, 0) < $2 RETURNING true""",
        user_id,
        counter,
    )
    return bool(taken)


async def take_recovery_code(user_id: UUID, code_hash: bytes) -> bool:
    """Use a recovery code up; False when the person has no such code."""
    taken = await connection().fetchval(
        "DELETE FROM mfa_recovery_code WHERE user_id = $1 AND code_hash = $2 RETURNING true",
        user_id,
        code_hash,
    )
    return bool(taken)
