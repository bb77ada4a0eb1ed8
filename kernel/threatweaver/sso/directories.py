"""Asking the directories of tenants, in threads of which no tenant takes more than its share."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from threatweaver import outbound
from threatweaver.kernel import Kernel
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.directory import SECONDS, Directory
from threatweaver.sso.errors import ProviderUnavailable
from threatweaver.sso.models import SsoProvider
from threatweaver.sso.providers import service as providers
from threatweaver.threads import FairThreads

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = FairThreads("ldap", threads=32, each=4, patience=SECONDS)


async def sign_in(kernel: Kernel, provider: SsoProvider, username: str, password: str) -> Asserted:
    """Return the person whose name and password these are.

    Raises SsoRefused, OutboundRefused, OutboundFailed, ProviderMisconfigured, ProviderUnavailable.
    """
    return await _ask(kernel, provider, _sign_in, username, password)


async def probe(kernel: Kernel, provider: SsoProvider) -> None:
    """Connect, and bind as the service account where there is one.

    Raises OutboundRefused, OutboundFailed, ProviderMisconfigured, ProviderUnavailable.
    """
    await _ask(kernel, provider, _probe)


# The library is loaded in the thread that needs it: most processes never do, and it takes its time.
def _sign_in(directory: Directory, username: str, password: str) -> Asserted:
    from threatweaver.sso import ldap

    return ldap.sign_in(directory, username, password)


def _probe(directory: Directory) -> None:
    from threatweaver.sso import ldap

    ldap.probe(directory)


async def _ask(
    kernel: Kernel,
    provider: SsoProvider,
    question: Callable[Concatenate[Directory, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Put a question to a provider's directory, whose address is checked before."""
    addresses = await outbound.resolve(kernel, Directory.host_of(provider.options))
    directory = Directory(
        options=provider.options,
        address=addresses[0],
        bind_password=providers.secret_of(kernel, provider),
    )
    try:
        return await _THREADS.run(provider.tenant_id, question, directory, *args, **kwargs)
    except TimeoutError:  # of the line: those before wait for the same directory
        raise ProviderUnavailable from None
