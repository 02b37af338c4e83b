"""Checks pages of a feed of labels without the archive or its program.

    python check_feed.py PUBLIC_KEY PAGE.json [PAGE.json ...]

PUBLIC_KEY is the archive's, 64 hexadecimal digits, as it was handed out before. The pages
go on from one another; the first may begin anywhere. Needs the package `cryptography` alone.
Every signature is Ed25519 over canonical JSON (keys in order, no spaces, ASCII) without
`signature`; `previous` is the SHA-256 of the entry before, with it. Exit status: 0 all
holds, 1 something does not, 2 it is no page of a feed.
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BEGINNING = "0" * 64


def main() -> int:
    try:
        public, *paths = sys.argv[1:]
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        pages = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
        place = (pages[0]["after"], BEGINNING if pages[0]["after"] == 0 else None)
        standing = {}
        for page in pages:
            place = check(page, key, place, standing)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"This is no feed, or no public key: {error}", file=sys.stderr)
        return 2
    except Wrong as wrong:
        print(f"It does NOT hold: {wrong}")
        return 1
    print(f"All holds, to entry {place[0]}; {len(standing)} labels stand.")
    return 0


class Wrong(Exception):
    pass


def check(page, key, place, standing):
    """Check a page that goes on from `place`, a number and a digest; the place after."""
    seq, digest = place
    if page["after"] != seq:
        raise Wrong(f"the page does not go on from entry {seq}")
    for entry in page["entries"]:
        require_signature(entry, key, f"entry {seq + 1}")
        if entry["seq"] != seq + 1:
            raise Wrong(f"entry {seq + 1} is missing")
        if digest not in (None, entry["previous"]):
            raise Wrong(f"entry {seq + 1} does not follow the one before")
        seq, digest = seq + 1, hashlib.sha256(canonical(entry)).hexdigest()
        said = (entry["sha256"], entry["label"])
        standing.pop(said, None)
        if not entry["negated"]:
            standing[said] = entry["tier"]
    head = page["head"]
    require_signature(head, key, "the head")
    if head["seq"] < seq or (
        head["seq"] == seq and digest not in (None, head["digest"])
    ):
        raise Wrong("the head is not the end of these entries")
    return seq, digest


def require_signature(signed, key, what):
    facts = {name: fact for name, fact in signed.items() if name != "signature"}
    try:
        key.verify(bytes.fromhex(signed["signature"]["value"]), canonical(facts))
    except InvalidSignature:
        raise Wrong(f"the signature of {what}") from None


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


if __name__ == "__main__":
    sys.exit(main())
