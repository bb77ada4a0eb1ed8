"""The kernel that the current request, job or command runs on, for what cannot be handed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_kernel: ContextVar["Kernel | None"] = ContextVar("threatweaver_kernel", default=None)


@contextmanager
def on(kernel: "Kernel") -> Iterator[None]:
    """Let what runs in this block know its kernel: the edges say so, a request, a job and a command."""
    token = _kernel.set(kernel)
    try:
        yield
    finally:
        _kernel.reset(token)


def kernel() -> "Kernel":
    """Return the kernel of what runs now. Raises RuntimeError outside of a request, a job and a command."""
    found = _kernel.get()
    if found is None:
        raise RuntimeError("this runs outside of a request, a job or a command")
    return found
