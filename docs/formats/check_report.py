"""Checks the report of an attack on previews without the archive or its program.

    python check_report.py blur-attack.json PUBLIC_KEY [blur-attack.html]

PUBLIC_KEY is the archive's, 64 hexadecimal digits, as it was handed out before. Needs
the package `cryptography` alone. The signature is Ed25519 over the report as canonical
JSON (keys in order, no spaces, ASCII) without `signature`; the file itself must be
written as the program writes it, and the page's SHA-256 is `page_sha256`.
Exit status: 0 it holds, 1 it does not, 2 it is no report.
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOCUMENT = "vigil blur attack/v1"


def main() -> int:
    try:
        path, public, *pages = sys.argv[1:]
        file = Path(path).read_bytes()
        report = json.loads(file)
        if report["document"] != DOCUMENT:
            raise ValueError("it is another document")
        value = bytes.fromhex(report["signature"]["value"])
        key = bytes.fromhex(public)
        checked = Ed25519PublicKey.from_public_bytes(key)
        digests = {
            hashlib.sha256(Path(page).read_bytes()).hexdigest() for page in pages
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        print(f"This is no report, or no public key: {error}", file=sys.stderr)
        return 2
    facts = {name: fact for name, fact in report.items() if name != "signature"}
    try:
        signed = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        checked.verify(value, signed)
    except InvalidSignature:
        print("The signature does NOT hold.")
        return 1
    told = {"algorithm": "Ed25519", "public_key": key.hex(), "value": value.hex()}
    if json.dumps({**report, "signature": told}, indent=2).encode() + b"\n" != file:
        print("The signature holds, but the file is NOT as it was written.")
        return 1
    if digests - {report["page_sha256"]}:
        print("The signature holds, but the page is NOT the report's.")
        return 1
    print(f"The signature holds: {report['assets']} assets, at {report['at']}.")
    print(
        f"Broken: {', '.join(report['broken'])}." if report["broken"] else "All held."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
