"""Records what a client sends: a sink on loopback that keeps every request as a file.

    python tests/payloads/record.py DIR -- COMMAND ...

starts the sink, sets RECORD_PORT, SENTRY_DSN and ROLLBAR_ENDPOINT for COMMAND, and writes
DIR/01.json ... with method, time, path, headers and the body as base64. Names of the machine in
the body are for the person who records to replace, by names of the same length.
"""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ANSWER = b'{"id":"00000000000000000000000000000001","err":0,"result":{"id":null,"uuid":""}}'


class Sink(BaseHTTPRequestHandler):
    """Answers 200 to everything and keeps it."""

    protocol_version = "HTTP/1.1"
    folder = Path()
    lock = threading.Lock()

    def do_POST(self) -> None:
        """Keep one request."""
        body = self._body()
        record = {
            "method": self.command,
            "at": round(time.time(), 3),
            "path": self.path,
            "headers": dict(self.headers.items()),
            "body": base64.b64encode(body).decode(),
        }
        with self.lock:
            number = len(list(self.folder.glob("*.json"))) + 1
            (self.folder / f"{number:02}.json").write_text(json.dumps(record, indent=1) + "\n")
        self._answer(ANSWER)

    do_GET = do_PUT = do_POST  # noqa: N815

    def do_OPTIONS(self) -> None:
        """A browser asks first."""
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        asked = self.headers.get("Access-Control-Request-Headers")
        if asked:
            self.send_header("Access-Control-Allow-Headers", asked)
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


def main() -> int:
    """Run the command beside the sink; its exit status."""
    folder, _, *command = sys.argv[1:]
    Sink.folder = Path(folder)
    Sink.folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    env = {
        **os.environ,
        "RECORD_PORT": str(port),
        "SENTRY_DSN": f"http://0123456789abcdef0123456789abcdef@127.0.0.1:{port}/42",
        "RAVEN_DSN": f"http://0123456789abcdef0123456789abcdef:fedcba9876543210@127.0.0.1:{port}/42",
        "ROLLBAR_ENDPOINT": f"http://127.0.0.1:{port}/api/1/item/",
    }
    status = subprocess.run(command, env=env, check=False).returncode
    server.shutdown()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
