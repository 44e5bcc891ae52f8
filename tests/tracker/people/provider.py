"""A small OpenID Connect provider on this machine: discovery, keys, codes with PKCE, signed tokens."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "emberwatch", "the client's secret"


@functools.cache
def own_key() -> rsa.RSAPrivateKey:
    """The provider's, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What a real one would know; tests bend it by `claims` and `signing_key`."""

    def __init__(self) -> None:
        self.key = own_key()
        self.signing_key = self.key
        self.person: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        """Put over what a token would say."""
        self.issuer = ""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Provider]:
        """Listen on a free port."""
        provider = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
        provider.issuer = f"http://127.0.0.1:{server.server_port}/realms/acme"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield provider
        finally:
            server.shutdown()
            server.server_close()

    def authorize(self, address: str) -> tuple[str, dict[str, str]]:
        """What the person's browser brings back after logging in: callback and its query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split() and asked["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self._codes[code] = asked
        back = urlsplit(asked["redirect_uri"]).path
        return back, {"code": code, "state": asked["state"]}

    def discovery(self) -> dict[str, Any]:
        """The document under .well-known."""
        place = self.issuer
        return {
            "issuer": place, "authorization_endpoint": f"{place}/authorize",
            "token_endpoint": f"{place}/token", "userinfo_endpoint": f"{place}/userinfo",
            "jwks_uri": f"{place}/jwks", "token_endpoint_auth_methods_supported":
            ["client_secret_post"], "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**found, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A code for tokens, once, if the client and its verifier are right."""
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = (
            asked is not None
            and challenge == asked["code_challenge"]
            and form.get("redirect_uri") == asked["redirect_uri"]
            and (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        )
        if not right:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        said = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.person,
            **self.claims,
        }  # fmt: skip
        signed = jwt.encode(said, self.signing_key, algorithm="RS256", headers={"kid": "k1"})
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/realms/acme/")
            provider.asked.append(name)
            if name == ".well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif name == "jwks":
                self.answer(200, provider.jwks())
            elif name == "userinfo" and self.headers["Authorization"] == "Bearer opaque":
                self.answer(200, provider.person)
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.asked.append("token")
            self.answer(*provider.token({k: v[0] for k, v in parse_qs(body).items()}))

        def answer(self, status: int, data: dict[str, Any]) -> None:
            text = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler
