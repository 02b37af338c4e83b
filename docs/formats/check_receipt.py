"""Checks the receipt of a shredding without the archive or its program.

    python check_receipt.py RECEIPT.json PUBLIC_KEY

PUBLIC_KEY is the archive's, 64 hexadecimal digits, as it was handed out before. Needs
the package `cryptography` alone. The signature is Ed25519 over the receipt as canonical
JSON (keys in order, no spaces, ASCII) without `signature` and `traces`. Exit status: 0 it holds, 1 it does not, 2 it is no receipt.
"""

import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

UNSIGNED = {"signature", "traces"}


def main() -> int:
    try:
        path, public = sys.argv[1:]
        receipt = json.loads(Path(path).read_text(encoding="utf-8"))
        signature = receipt["signature"]
        value = bytes.fromhex(signature["value"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"This is no receipt, or no public key: {error}", file=sys.stderr)
        return 2
    facts = {name: fact for name, fact in receipt.items() if name not in UNSIGNED}
    signed = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    try:
        key.verify(value, signed)
    except InvalidSignature:
        print("The signature does NOT hold.")
        return 1
    print(f"The signature holds: record {receipt['record']}, at {receipt['at']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
