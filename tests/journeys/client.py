"""A client as plain as can be: what is sent is what the test says, nothing is hidden.

Redirects are not followed, cookies are kept, and forms are sent with the token that
their page carries, as a browser without JavaScript does.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
SECONDS = 90
Body = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def everything(self) -> bytes:
        """Headers and body, for searching in."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return head.encode() + b"\n\n" + self.body


class Client:
    """One person's browser, or a script with a token."""

    def __init__(
        self, port: int, token: str | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.port, self.host = port, host
        self.token = token
        self.cookies: dict[str, str] = {}

    def send(
        self,
        method: str,
        path: str,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = SECONDS,
    ) -> Answer:
        """Send one request on a connection of its own."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            link.request(method, path, body, {**self._identity(), **(headers or {})})
            came = link.getresponse()
            answer = Answer(
                came.status,
                {name.lower(): value for name, value in came.getheaders()},
                came.read(),
                path,
            )
            self._remember(came.headers.get_all("Set-Cookie") or [])
        finally:
            link.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=_named(headers))

    def head(self, path: str, **headers: str) -> Answer:
        return self.send("HEAD", path, headers=_named(headers))

    def delete(self, path: str, document: object = None) -> Answer:
        return self.call("DELETE", path, document)

    def post(self, path: str, document: object) -> Answer:
        return self.call("POST", path, document)

    def put(self, path: str, document: object) -> Answer:
        return self.call("PUT", path, document)

    def patch(self, path: str, document: object) -> Answer:
        return self.call("PATCH", path, document)

    def call(self, method: str, path: str, document: object = None) -> Answer:
        """Send a JSON document to the API."""
        if document is None:
            return self.send(method, path)
        headers = {"Content-Type": "application/json"}
        return self.send(method, path, json.dumps(document).encode(), headers)

    def upload(
        self,
        path: str,
        files: Sequence[tuple[str, bytes]],
        fields: Iterable[tuple[str, str]] = (),
        **headers: str,
    ) -> Answer:
        """Send a multipart form: the fields first, then `files` under that name."""
        kind, body = multipart(files, fields)
        return self.send("POST", path, body, {"Content-Type": kind, **_named(headers)})

    def wait_for_previews(self, record: str) -> list[dict[str, Any]]:
        """The files of a record, once the making of their previews has ended."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            assets: list[dict[str, Any]] = self.get(f"/api/v1/records/{record}").json[
                "assets"
            ]
            if all(asset["state"] != "queued" for asset in assets):
                return assets
            time.sleep(0.1)
        raise AssertionError(f"{record} still waits for its previews")

    def submit(self, page: str, to: str, fields: Iterable[tuple[str, str]]) -> Answer:
        """Send a form, with the token that `page` carries."""
        given = [("csrf_token", self.csrf(page)), *fields]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", to, urlencode(given).encode(), headers)

    def csrf(self, page: str) -> str:
        """The form token of a page."""
        found = CSRF.search(self.get(page).text)
        assert found, f"{page} carries no form token"
        return unescape(found[1])

    def sign_in(self, email: str, password: str) -> Answer:
        """By the page, as a person does."""
        return self.submit(
            "/login", "/login", [("email", email), ("password", password)]
        )

    def _identity(self) -> dict[str, str]:
        # The archive knows itself by its own name, not by that of a node.
        told = {} if self.host == "127.0.0.1" else {"Host": "127.0.0.1"}
        if self.token:
            told["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            told["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        return told

    def _remember(self, cookies: Iterable[str]) -> None:
        for cookie in cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "max-age=0" not in cookie.lower():
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


def multipart(
    files: Sequence[tuple[str, bytes]], fields: Iterable[tuple[str, str]]
) -> tuple[str, bytes]:
    """The content type and the body of a form with files."""
    edge = f"edge-{secrets.token_hex(12)}"
    body = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + value.encode()
        + b"\r\n"
        for name, value in fields
    )
    for name, content in files:
        head = file_head(edge, name)
        body += head + content + b"\r\n"
    return f"multipart/form-data; boundary={edge}", body + f"--{edge}--\r\n".encode()


def file_head(edge: str, name: str) -> bytes:
    """What stands before a file's bytes; it lies about the kind, as senders do."""
    told = quote(name, safe=" .-_()[]")
    return (
        f'--{edge}\r\nContent-Disposition: form-data; name="files"; '
        f'filename="{told}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    ).encode()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
