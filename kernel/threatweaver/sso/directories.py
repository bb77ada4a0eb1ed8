"""Asking the directories of tenants, in threads of which no tenant takes more than its share."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from threatweaver import outbound
from threatweaver.kernel import Kernel
from threatweaver.sso import ldap
from threatweaver.sso.errors import ProviderUnavailable
from threatweaver.sso.ldap import Directory
from threatweaver.sso.models import SsoProvider
from threatweaver.sso.providers import service as providers
from threatweaver.threads import FairThreads

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = FairThreads("ldap", threads=32, each=4, patience=ldap.SECONDS)


async def ask(
    kernel: Kernel,
    provider: SsoProvider,
    question: Callable[Concatenate[Directory, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Put a question of ldap.py to a provider's directory, whose address is checked before.

    Raises OutboundRefused, OutboundFailed, ProviderUnavailable, and what the question raises.
    """
    addresses = await outbound.resolve(kernel, ldap.host_of(provider.options))
    directory = Directory(
        options=provider.options,
        address=addresses[0],
        bind_password=providers.secret_of(kernel, provider),
    )
    try:
        return await _THREADS.run(provider.tenant_id, question, directory, *args, **kwargs)
    except TimeoutError:  # of the line: those before wait for the same directory
        raise ProviderUnavailable from None
