"""Checks the receipt of a consent without the archive or its program.

    python check_consent.py RECEIPT.json PUBLIC_KEY

PUBLIC_KEY is the archive's, 64 hexadecimal digits, as it was handed out before. Needs
the package `cryptography` alone. The signature is Ed25519 over the receipt as canonical
JSON (keys in order, no spaces, ASCII) without `signature`; the words of the notice must
have the SHA-256 that the receipt tells, and its events must fit its period.
Exit status: 0 it holds, 1 it does not, 2 it is no receipt.
"""

import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOCUMENT = "vigil consent receipt/v1"


def main() -> int:
    try:
        path, public = sys.argv[1:]
        receipt = json.loads(Path(path).read_text(encoding="utf-8"))
        if receipt["document"] != DOCUMENT:
            raise ValueError("it is another document")
        value = bytes.fromhex(receipt["signature"]["value"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        facts = {name: fact for name, fact in receipt.items() if name != "signature"}
        signed = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        print(f"This is no receipt, or no public key: {error}", file=sys.stderr)
        return 2
    try:
        key.verify(value, signed)
    except InvalidSignature:
        print("The signature does NOT hold.")
        return 1
    return tell(receipt)


def tell(receipt: dict) -> int:
    """Say what a receipt that was truly signed tells, and whether it fits itself."""
    processing = receipt["pii_processing"]
    notice, subject = processing["privacy_notice"], processing["subject"]
    purpose, events = processing["purposes"][0], receipt["events"]
    shown = notice["text"]
    digest = hashlib.sha256((shown or "").encode()).hexdigest()
    if shown is not None and digest != notice["sha256"]:
        print("The signature holds, but the words are NOT those of the digest.")
        return 1
    times = [datetime.fromisoformat(each["event_time"]) for each in events]
    ends = datetime.fromisoformat(purpose["period"]["ends"])
    if times != sorted(times) or times[-1] > ends:
        print("The signature holds, but the events do NOT fit the period.")
        return 1
    labels = ", ".join(each["value"] for each in purpose["pii_information"])
    print(f"The signature holds: consent {receipt['record_header']['record_id']}.")
    print(f"Record {subject['record']}, {subject['tier']}, labels: {labels}.")
    print(f"From {times[0].isoformat()}, at most until {ends.isoformat()}.")
    print(f"State when issued: {events[-1]['event_state']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
