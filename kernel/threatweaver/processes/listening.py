"""The listening socket, which serve processes inherit by number."""

import asyncio
import errno
import socket
import time

from threatweaver.config import ConfigError, Settings


def bind_socket(settings: Settings) -> socket.socket:
    """Return a listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, settings.port))
    listening.listen(1024)
    listening.setblocking(False)
    return listening


async def bind(settings: Settings, *, patience: float = 0.0) -> socket.socket:
    """Return a listening socket, waiting some seconds for whoever holds the port to let go.

    Raises ConfigError.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return bind_socket(settings)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                where = f"{settings.host}:{settings.port}"
                raise ConfigError(
                    f"cannot listen on {where}: {error.strerror}; choose another --port"
                ) from None
            await asyncio.sleep(0.2)
