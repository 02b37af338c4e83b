"""A time-stamping authority of our own: OpenSSL behind a door on loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[ tsa ]
default_tsa = own
[ own ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers questions truly, or as `manner` says: "away", "deaf", "garbled"."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.manner, self.asked = folder, "", 0
        self.url = ""
        self.roots = _certificates(folder)
        folder.joinpath("tsa.cnf").write_text(CONFIG.format(folder=folder))
        folder.joinpath("serial").write_text("01\n")

    def answer(self, question: bytes) -> bytes:
        """What OpenSSL answers."""
        asked, told = self.folder / "question", self.folder / "answer"
        asked.write_bytes(question)
        config = self.folder / "tsa.cnf"
        _openssl("ts", "-reply", "-config", config, "-queryfile", asked, "-out", told)
        return told.read_bytes()


@contextmanager
def running(folder: Path) -> Iterator[Authority]:
    """An authority that answers on loopback."""
    authority = Authority(folder)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked += 1
            answer = authority.answer(question)
            if authority.manner == "garbled":
                answer = answer[:-9] + bytes(9)
            self.send_response(503 if authority.manner == "away" else 200)
            self.end_headers()
            self.wfile.write(b"" if authority.manner == "deaf" else answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/stamp?a=b"
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificates(folder: Path) -> Path:
    """A root, and a certificate for stamping that it signed; the root's file."""
    root, purpose = folder / "root.pem", folder / "purpose"
    purpose.write_text("extendedKeyUsage = critical,timeStamping\n")
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    key = folder / "root.key"
    _openssl(
        "req", "-x509", *ec, "-days", "30", "-subj", "/CN=Root of a test",
        "-keyout", key, "-out", root,
    )  # fmt: skip
    _openssl(
        "req", *ec, "-subj", "/CN=Stamps of a test",
        "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr",
    )  # fmt: skip
    _openssl(
        "x509", "-req", "-in", folder / "tsa.csr", "-CA", root, "-CAkey", key,
        "-CAcreateserial", "-days", "30", "-extfile", purpose,
        "-out", folder / "tsa.pem",
    )  # fmt: skip
    return root


def _openssl(*arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
