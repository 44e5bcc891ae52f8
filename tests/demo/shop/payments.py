"""The payment provider, which takes its time: a real server that never answers."""

import socket
import threading
import urllib.request

PATIENCE = 0.15
"""Seconds."""


class PaymentFailed(Exception):
    """The money did not move."""


class SlowProvider:
    """Accepts connections and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v2/charges"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            self._held.append(self._socket.accept()[0])


PROVIDER = SlowProvider()


def charge(cents: int, card_number: str) -> str:
    """Move money; returns a receipt. Raises PaymentFailed."""
    body = f"amount={cents}&card={card_number}".encode()
    try:
        with urllib.request.urlopen(PROVIDER.address, body, timeout=PATIENCE) as answer:
            return str(answer.read())
    except TimeoutError as error:
        raise PaymentFailed(f"the provider did not answer within {PATIENCE} s") from error
