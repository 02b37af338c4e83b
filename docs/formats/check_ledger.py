"""Check what an archive says of its ledger, without the archive.

    python check_ledger.py PUBLIC_KEY FILE [EARLIER]
    python check_ledger.py --stamp EXTRACT FOLDER

FILE is an extract, a proof, a checkpoint or the summaries of what was forgotten, as
`vigil ledger` writes them; EARLIER is a
checkpoint that was kept before: FILE must then be an extract of all lines, and the first
of them must be those that EARLIER stands for. PUBLIC_KEY is the archive's, 64
hexadecimal digits, as it was handed out before. Needs the package `cryptography` alone.

Exit status: 0 it holds, 1 it does not, 2 it is none of these. The tree is that of
RFC 9162, section 2.1. A stamp in an extract is checked by OpenSSL; `--stamp` writes the
two files that it wants to see.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = "0" * 64


class Wrong(Exception):
    """It does not hold; the sentence says what."""


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(digest):
    return sha256(b"\x00" + bytes.fromhex(digest))


def node(left, right):
    return sha256(b"\x01" + left + right)


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:half]), root(leaves[half:]))


def check_signature(document, public, what="checkpoint"):
    told = {name: fact for name, fact in document.items() if name != "signature"}
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    try:
        key.verify(bytes.fromhex(document["signature"]["value"]), canonical(told))
    except InvalidSignature:
        raise Wrong(f"The signature of the {what} does not hold.") from None


def climb(here, last, steps, reached, old=None):
    """Go up the tree along a path; `old` only takes what stands to the left."""
    for step in steps:
        if last == 0:
            raise Wrong("The path is too long.")
        if here & 1 or here == last:
            reached, old = node(step, reached), old and node(step, old)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            reached = node(reached, step)
        here, last = here >> 1, last >> 1
    if last:
        raise Wrong("The path is too short.")
    return reached, old


def check_path(digest, index, checkpoint, path):
    size = checkpoint["size"]
    if not 0 <= index < size:
        raise Wrong(f"Line {index + 1} is newer than the checkpoint.")
    steps = [bytes.fromhex(step) for step in path]
    reached, _ = climb(index, size - 1, steps, leaf(digest))
    if reached.hex() != checkpoint["root"]:
        raise Wrong(f"Line {index + 1} is not among those of the checkpoint.")


def check_consistency(earlier, later, path):
    before, size = earlier["size"], later["size"]
    steps = [bytes.fromhex(step) for step in path]
    if before == size:
        if steps or earlier["root"] != later["root"]:
            raise Wrong("Two checkpoints of as many lines are not the same.")
        return
    if not 0 < before < size or not steps:
        raise Wrong("The first checkpoint is not the earlier one.")
    if before & (before - 1) == 0:
        steps = [bytes.fromhex(earlier["root"]), *steps]
    here, last = before - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    new, old = climb(here, last, steps[1:], steps[0], steps[0])
    if old.hex() != earlier["root"] or new.hex() != later["root"]:
        raise Wrong("The later checkpoint does not go on from the earlier one.")


def check_line(told):
    line, seq = told["line"], told["line"]["seq"]
    if sha256(canonical(line)).hex() != told["digest"]:
        raise Wrong(f"Line {seq} was changed.")
    if "detail" in told and sha256(canonical(told["detail"])).hex() != line["detail"]:
        raise Wrong(f"The detail of line {seq} was changed.")


def check_chain(lines, checkpoint):
    previous = GENESIS
    for number, told in enumerate(lines, start=1):
        line = told["line"]
        if line["seq"] != number:
            raise Wrong(f"Line {number} is missing.")
        if line["previous"] != previous:
            raise Wrong(f"Line {number} does not follow the line before it.")
        previous = told["digest"]
    if len(lines) != checkpoint["size"] or previous != checkpoint["head"]:
        raise Wrong(f"The lines end at {len(lines)}, not where the checkpoint does.")
    if root([leaf(told["digest"]) for told in lines]).hex() != checkpoint["root"]:
        raise Wrong("The lines are not those that the checkpoint stands for.")


def check_extract(extract, public, earlier):
    checkpoint, lines, record = (extract[n] for n in ("checkpoint", "lines", "record"))
    check_signature(checkpoint, public)
    for told in lines:
        check_line(told)
    if record is None:
        check_chain(lines, checkpoint)
    for told in [] if record is None else lines:
        seq = told["line"]["seq"]
        if told["line"]["record"] != record:
            raise Wrong(f"Line {seq} is of another record.")
        check_path(told["digest"], seq - 1, checkpoint, told["path"])
    if earlier is not None:
        if record is not None:
            raise ValueError("an extract of one record says nothing of other lines")
        first = [leaf(told["digest"]) for told in lines[: earlier["size"]]]
        if len(first) != earlier["size"] or root(first).hex() != earlier["root"]:
            raise Wrong("The first lines are not those that EARLIER stands for.")
    return f"{len(lines)} lines hold, under a checkpoint of {checkpoint['at']}."


def check_summaries(document, public):
    checkpoint, said = document["checkpoint"], []
    check_signature(checkpoint, public)
    for told in document["lines"]:
        line, summary = told["line"], told["detail"].get("summary")
        if line["event"] != "retention" or "detail" not in told:
            raise Wrong(f"Line {line['seq']} tells of something else.")
        check_line(told)
        check_path(told["digest"], line["seq"] - 1, checkpoint, told["path"])
        if summary is None:
            said.append(
                f"Line {line['seq']} has no summary: it is of an earlier version."
            )
            continue
        check_signature(summary, public, f"summary in line {line['seq']}")
        for rule in summary["rules"]:
            kept = f"kept {rule['kept_days']} days from {rule['since']}"
            said.append(f"{summary['at']}: {rule['count']} {rule['what']}, {kept}")
    count = f"{len(document['lines'])} summaries hold, as of {checkpoint['at']}."
    return "\n".join([*said, count])


def check(document, public, earlier):
    kind = document["document"]
    if earlier is not None:
        check_signature(earlier, public)
    if kind == "vigil ledger extract/v1":
        return check_extract(document, public, earlier)
    if kind == "vigil retention summaries/v1":
        return check_summaries(document, public)
    if kind == "vigil ledger checkpoint/v1":
        check_signature(document, public)
        return f"The checkpoint of {document['size']} lines is signed."
    if kind == "vigil ledger inclusion/v1":
        checkpoint, seq = document["checkpoint"], document["seq"]
        check_signature(checkpoint, public)
        check_path(document["digest"], seq - 1, checkpoint, document["path"])
        return f"Line {seq} is among the {checkpoint['size']} lines."
    if kind == "vigil ledger consistency/v1":
        for each in (document["earlier"], document["later"]):
            check_signature(each, public)
        check_consistency(document["earlier"], document["later"], document["path"])
        return "The later checkpoint goes on from the earlier one."
    raise ValueError("it is another document")


def unpack_stamp(extract, folder):
    checkpoint = canonical(extract["checkpoint"]) + b"\n"
    Path(folder, "checkpoint.json").write_bytes(checkpoint)
    Path(folder, "stamp.tsr").write_bytes(base64.b64decode(extract["stamp"]))
    return "openssl ts -verify -data checkpoint.json -in stamp.tsr -CAfile ROOTS.pem"


def main(arguments):
    try:
        first, name, *rest = arguments
        document = json.loads(Path(name).read_bytes())
        if first == "--stamp":
            print(unpack_stamp(document, rest[0]))
            return 0
        earlier = json.loads(Path(rest[0]).read_bytes()) if rest else None
        print(check(document, first, earlier))
    except Wrong as error:
        print(error)
        return 1
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"This is nothing to check: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
