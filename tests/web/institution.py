"""An OpenID provider on loopback, over real HTTP; a test may bend what it says."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "vigil", "a secret with : and % in it"


@dataclass
class Institution:
    """What it holds; `claims`, `discovery` and `answer` overlay what it would say."""

    now: Any
    subject: str = "subject-1"
    email: str = "somebody@university.example"
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "ES256"
    forged: bool = False
    url: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.discovery,
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": "k1"}]}

    def agree(self, way: str) -> dict[str, str]:
        """The person signs in there; what the browser brings back."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(way).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        expected = urlencode({CLIENT: SECRET}).replace("=", ":", 1).replace("+", "%20")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or pair != expected
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return None
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": self.id_token(asked["nonce"]),
            **self.answer,
        }

    def id_token(self, nonce: str) -> str:
        moment = int(self.now().timestamp())
        claims = {
            "iss": self.url,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": moment + 300,
            "iat": moment,
            "nonce": nonce,
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return f"{_b64({'alg': 'none'})}.{_b64(claims)}."
        if self.algorithm == "HS256":
            from joserfc.jwk import OctKey

            public = json.dumps(self.keys()["keys"][0]).encode()
            key = OctKey.import_key(public)
            return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])
        key = ECKey.generate_key("P-256") if self.forged else self.key
        return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)


def _b64(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


@contextmanager
def serving(institution: Institution) -> Iterator[Institution]:
    """The provider, answering on a free port until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            institution.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                self._say(200, institution.document())
            elif self.path == "/keys":
                self._say(200, institution.keys())
            elif self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/keys")
                self.end_headers()
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            institution.asked.append(self.path)
            length = int(self.headers["Content-Length"])
            sent = parse_qs(self.rfile.read(length).decode())
            form = {name: values[0] for name, values in sent.items()}
            told = institution.token(form, self.headers.get("Authorization", ""))
            self._say(200 if told else 400, told or {"error": "invalid_grant"})

        def _say(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    institution.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield institution
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
