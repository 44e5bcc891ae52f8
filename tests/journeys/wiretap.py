"""A wire between an SDK and the stack that shows what went over it."""

import contextlib
import socket
import threading
from typing import Self


class Wiretap:
    """Forwards TCP from a port of its own to another and keeps what clients sent."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.sent = bytearray()
        self._closing = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing = True
        self._socket.close()

    def requests(self) -> list[dict[str, str]]:
        """Headers of each POST, lower case."""
        found = []
        for block in bytes(self.sent).split(b"POST /api/")[1:]:
            lines = block.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
            pairs = (line.partition(":") for line in lines)
            found.append({name.lower(): value.strip().lower() for name, _, value in pairs})
        return found

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, drain: socket.socket, keep: bool) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                if keep:
                    self.sent += block
                drain.sendall(block)
        with contextlib.suppress(OSError):
            drain.shutdown(socket.SHUT_WR)
