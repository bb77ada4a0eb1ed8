"""Tokens of a sign-in under way: five minutes, one purpose, one use, five attempts; in a control scope."""

import hmac
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from threatweaver.auth import tokens
from threatweaver.auth.errors import StepRefused
from threatweaver.auth.login.models import LoginStep
from threatweaver.auth.principal import Method, as_method
from threatweaver.ids import uuid7

Awaits = Literal["mfa", "tenant"]
_LIFETIME = timedelta(minutes=5)
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a sign-in came here and where it must go: what its next step has to know."""

    user_id: UUID
    method: Method
    tenant_id: UUID | None = None
    choose: bool = False
    mfa: bool = False


async def begin(awaits: Awaits, course: Course) -> str:
    """Store a step and return its token `<id>.<256 random bits>`."""
    step_id = uuid7()
    token = tokens.new_for(step_id)
    await LoginStep.create(
        id=step_id,
        token_hash=tokens.digest(token),
        awaits=awaits,
        **asdict(course),
        expires_at=datetime.now(UTC) + _LIFETIME,
    )
    return token


async def attempt(awaits: Awaits, token: str) -> LoginStep:
    """Return the step of a token and count the attempt. Raises StepRefused."""
    step_id = tokens.id_of(token)
    step = await LoginStep.filter(id=step_id, awaits=awaits).select_for_update().first() if step_id else None
    if step is None or not hmac.compare_digest(step.token_hash, tokens.digest(token)):
        raise StepRefused
    if step.expires_at <= datetime.now(UTC) or step.attempts >= _ATTEMPTS:
        raise StepRefused
    await LoginStep.filter(id=step.id).update(attempts=step.attempts + 1)
    return step


async def finish(step: LoginStep) -> Course:
    """End a step and return its course. Raises StepRefused when another request has ended it already."""
    if not await LoginStep.filter(id=step.id).delete():
        raise StepRefused
    return Course(
        user_id=step.user_id,
        method=as_method(step.method),
        tenant_id=step.tenant_id,
        choose=step.choose,
        mfa=step.mfa,
    )


async def drop(user_id: UUID) -> None:
    """End every sign-in under way of a person: what proved them is no longer good."""
    await LoginStep.filter(user_id=user_id).delete()
