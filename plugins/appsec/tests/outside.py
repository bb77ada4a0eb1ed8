"""Somebody on loopback whom nobody may call: counts connections and datagrams."""

import asyncio
from typing import Self


class Outside:
    """Listens on a TCP and a UDP port of 127.0.0.1 that have the same number."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        while not self.port:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            port = self._server.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self.heard), local_addr=("127.0.0.1", port)
                )
                self.port = port
            except OSError:  # taken for UDP
                self._server.close()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._udp.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append("tcp")
        self.heard[-1] += f" {(await reader.read(200))!r}"
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(f"udp {data[:50]!r}")
