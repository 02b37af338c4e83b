"""Check a court package of an archive, without the archive and without the network.

    python check_package.py [--key PUBLIC_KEY] [--roots ROOTS.pem] [FOLDER]

FOLDER is the unpacked package; without it, the one that this file is in. PUBLIC_KEY is
the archive's, 64 hexadecimal digits, from a place that you trust. ROOTS.pem has the
certificates of the time-stamping authority; OpenSSL then checks its signatures. Without
it, a stamp is held against the checkpoint it is of, and its time is told as claimed.

Exit status: 0 it holds, 1 it does not, 2 it is no package. Needs the standard library
of Python 3.9 alone. The tree is that of RFC 9162, signatures are those of RFC 8032.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PREMIS = "{http://www.loc.gov/premis/v3}"
CUSTODY = "data/custody"
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
Document = dict[str, Any]


class Wrong(Exception):
    """It does not hold; the sentence says what."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


# --- Ed25519 (RFC 8032, 5.1.7) ---


def add(a: Point, b: Point) -> Point:
    left = (a[1] - a[0]) * (b[1] - b[0]) % P
    right = (a[1] + a[0]) * (b[1] + b[0]) % P
    twist, both = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, both - twist, both + twist, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    reached = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            reached = add(reached, point)
        point, scalar = add(point, point), scalar >> 1
    return reached


def is_same(a: Point, b: Point) -> bool:
    across = (a[0] * b[2] - b[0] * a[2]) % P
    along = (a[1] * b[2] - b[1] * a[2]) % P
    return across == 0 and along == 0


def decoded(packed: bytes) -> Point:
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(packed) != 32 or y >= P:
        raise Wrong("A key or signature is no point of the curve.")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Wrong("A key or signature is no point of the curve.")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    key, point = decoded(public), decoded(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % L
    return is_same(times(s, BASE), add(point, times(h, key)))


def check_signature(document: Document, public: str, what: str) -> None:
    told = {name: fact for name, fact in document.items() if name != "signature"}
    value = bytes.fromhex(document["signature"]["value"])
    if not is_signed(bytes.fromhex(public), canonical(told), value):
        raise Wrong(f"The signature of {what} does not hold.")


# --- the tree (RFC 9162, 2.1.3 and 2.1.4) ---


def leaf(digest: str) -> bytes:
    return sha256(b"\x00" + bytes.fromhex(digest))


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def climb(
    here: int, last: int, steps: list[bytes], reached: bytes, old: bytes | None
) -> tuple[bytes, bytes | None]:
    """Go up the tree along a path; `old` only takes what stands to the left."""
    for step in steps:
        if last == 0:
            raise Wrong("A path is too long.")
        if here & 1 or here == last:
            reached, old = node(step, reached), old and node(step, old)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            reached = node(reached, step)
        here, last = here >> 1, last >> 1
    if last:
        raise Wrong("A path is too short.")
    return reached, old


def check_path(seq: int, digest: str, path: list[str], checkpoint: Document) -> None:
    size = checkpoint["size"]
    if not 1 <= seq <= size:
        raise Wrong(f"Line {seq} is newer than the checkpoint.")
    steps = [bytes.fromhex(step) for step in path]
    reached, _ = climb(seq - 1, size - 1, steps, leaf(digest), None)
    if reached.hex() != checkpoint["root"]:
        raise Wrong(f"Line {seq} is not among those of the checkpoint.")


def check_consistency(earlier: Document, later: Document, path: list[str]) -> None:
    before, size = earlier["size"], later["size"]
    steps = [bytes.fromhex(step) for step in path]
    if not 0 < before < size or not steps:
        raise Wrong("The first checkpoint is not the earlier one.")
    if before & (before - 1) == 0:
        steps = [bytes.fromhex(earlier["root"]), *steps]
    here, last = before - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    new, old = climb(here, last, steps[1:], steps[0], steps[0])
    if (old or b"").hex() != earlier["root"] or new.hex() != later["root"]:
        raise Wrong("The later checkpoint does not go on from an earlier one.")


# --- the bag (RFC 8493) ---


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def manifest(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    for line in (folder / name).read_text("utf-8").splitlines():
        digest, path = line.split(maxsplit=1)
        if path.startswith("/") or ".." in Path(path).parts:
            raise Wrong(f"The manifest names a file outside of the package: {path}.")
        yield path, digest


def check_bag(folder: Path) -> int:
    told = dict(manifest(folder, "manifest-sha256.txt"))
    for path, digest in [*told.items(), *manifest(folder, "tagmanifest-sha256.txt")]:
        if not (folder / path).is_file():
            raise Wrong(f"{path} is missing.")
        if digest_of(folder / path) != digest:
            raise Wrong(f"{path} was changed.")
    for found in (folder / "data").rglob("*"):
        if found.is_file() and found.relative_to(folder).as_posix() not in told:
            raise Wrong(f"{found.relative_to(folder)} is in no manifest.")
    return len(told)


# --- what the archive says ---


def read(path: Path) -> Document:
    document: Document = json.loads(path.read_bytes())
    return document


def check_extract(extract: Document, checkpoint: Document) -> list[Any]:
    if extract["checkpoint"] != checkpoint:
        raise Wrong("The extract stands under another checkpoint.")
    for told in extract["lines"]:
        line = told.get("line") or told["withheld"]
        if "line" in told:
            check_line(told)
        if line["record"] != extract["record"]:
            raise Wrong(f"Line {line['seq']} is of another record.")
        check_path(line["seq"], told["digest"], told["path"], checkpoint)
    lines: list[Any] = extract["lines"]
    return lines


def check_line(told: Document) -> None:
    line = told["line"]
    if sha256(canonical(line)).hex() != told["digest"]:
        raise Wrong(f"Line {line['seq']} was changed.")
    if sha256(canonical(told["detail"])).hex() != line["detail"]:
        raise Wrong(f"The detail of line {line['seq']} was changed.")


def check_files(folder: Path, record: Document, lines: list[Any]) -> tuple[int, int]:
    """Originals here are those of the record; how many are here, how many told."""
    open_lines = [told for told in lines if "line" in told]
    calculated = {
        told["line"]["asset"]: told["detail"].get("sha256")
        for told in open_lines
        if told["line"]["event"] == "message digest calculation"
    }
    here = 0
    for file in record["files"]:
        if calculated.get(file["id"], file["sha256"]) != file["sha256"]:
            raise Wrong(f"The ledger tells another digest of the file {file['id']}.")
        for path in (folder / "data/originals").glob(f"*-{file['id']}.*"):
            here += 1
            if digest_of(path) != file["sha256"]:
                raise Wrong(f"{path.name} is not the file that the record tells of.")
    return here, len(calculated)


def check_premis(folder: Path, record: Document, lines: list[Any]) -> None:
    whole = (folder / "metadata/premis.xml").read_bytes()
    root = ElementTree.fromstring(whole)  # noqa: S314 - the archive signed it
    fixity = {each.text for each in root.iter(f"{PREMIS}messageDigest")}
    if fixity != {file["sha256"] for file in record["files"]}:
        raise Wrong("PREMIS tells of other files than the record.")
    told = {each.text for each in root.iter(f"{PREMIS}eventIdentifierValue")}
    known = {str((line.get("line") or line["withheld"])["seq"]) for line in lines}
    if not told <= known:
        raise Wrong("PREMIS tells of events that the extract does not have.")


def versions(found: Document) -> Iterator[Document]:
    """Everything that was found or said, of whatever kind."""
    for kind in found.values():
        yield from kind if isinstance(kind, list) else [kind] if kind else []


def check_findings(told: Document, record: Document, lines: list[Any]) -> str:
    """Words fit their digests, and digests the ledger's lines, where both are open."""
    if told["record"] != record["id"]:
        raise Wrong("The findings are of another record.")
    details = [each["detail"] for each in lines if "line" in each]
    written = {
        (detail["thread"], detail.get("version")): detail.get("digest")
        for detail in details
        if "thread" in detail
    }
    count = whole = told_of = 0
    for each in versions(told["findings"]):
        count += 1
        if "digest" not in each:
            continue
        whole += 1
        if sha256(spoken(each["said"])).hex() != each["digest"]:
            raise Wrong(f"The words of {each['thread']} were changed.")
        known = written.get((each["thread"], each["version"]))
        if known not in (None, each["digest"]):
            raise Wrong(f"The ledger tells of other words in {each['thread']}.")
        told_of += known is not None
    return f"{count} findings: {whole} in whole, {told_of} in open lines."


def spoken(said: Document) -> bytes:
    """The bytes that a finding's digest is of."""
    separators = (",", ":")
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=separators)
    return text.encode()


# --- time-stamps (RFC 3161) ---


def fields(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The members of a DER value, one after the other."""
    at = 0
    while at + 1 < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            width = length & 0x7F
            length, at = int.from_bytes(der[at : at + width], "big"), at + width
        yield tag, der[at : at + length]
        at += length


def inside(der: bytes, *places: int) -> bytes:
    for place in places:
        der = list(fields(der))[place][1]
    return der


def stamped(answer: bytes, message: bytes) -> str:
    """When the authority says it saw the message; its signature is not checked here."""
    try:
        # response, token, content, SignedData, its content, octets: TSTInfo
        info = inside(answer, 0, 1, 1, 0, 2, 1, 0)
        facts = list(fields(inside(info, 0)))
        imprint, moment = inside(facts[2][1], 1), facts[4][1].decode("ascii")
    except (IndexError, ValueError):
        raise Wrong("A time-stamp cannot be read.") from None
    if imprint != sha256(message):
        raise Wrong("A time-stamp is of something else than its checkpoint.")
    return moment


def check_stamp(path: Path, roots: str | None) -> str:
    checkpoint = path.with_suffix(".json")
    moment = stamped(path.read_bytes(), checkpoint.read_bytes())
    if roots is None:
        return f"{path.name}: claims {moment} (give --roots to check its signature)"
    openssl = shutil.which("openssl")
    if openssl is None:
        raise Wrong("There is no OpenSSL here to check the signature of a time-stamp.")
    asked = ["-data", str(checkpoint), "-in", str(path), "-CAfile", roots]
    done = subprocess.run(  # noqa: S603 - a program of this machine, no shell
        [openssl, "ts", "-verify", *asked], capture_output=True, check=False
    )
    if done.returncode:
        raise Wrong(f"OpenSSL does not believe {path.name}.")
    return f"{path.name}: {moment}, believed"


# --- all of it ---


def check(folder: Path, key: str | None, roots: str | None) -> Iterator[str]:
    count = check_bag(folder)
    yield f"{count} files of the payload are those of the manifest."
    signature = read(folder / "signature.json")
    if signature["document"] != "vigil court package/v1":
        raise ValueError("it is another document")
    public = key or signature["signature"]["public_key"]
    check_signature(signature, public, "the package")
    for name, digest in signature["files"].items():
        if digest_of(folder / name) != digest:
            raise Wrong(f"{name} is not what was signed.")
    yield f"It is signed by {public}."
    if key is None:
        yield "  The package itself names that key: compare it with one you trust."
    checkpoint = signature["checkpoint"]
    check_signature(checkpoint, public, "the checkpoint")
    extract = read(folder / CUSTODY / "extract.json")
    record = read(folder / "data/record.json")
    if not extract["record"] == record["id"] == signature["record"]:
        raise Wrong("The package is of more than one record.")
    lines = check_extract(extract, checkpoint)
    withheld = sum("withheld" in told for told in lines)
    yield f"{len(lines)} lines are in the ledger as of {checkpoint['at']}."
    yield f"{withheld} of them are withheld."
    here, told = check_files(folder, record, lines)
    yield f"{len(record['files'])} files: {told} in open lines, {here} in the package."
    check_premis(folder, record, lines)
    found = read(folder / "data/verification.json")
    if "findings" in found:  # earlier packages have none
        yield check_findings(found, record, lines)
    yield from check_witnesses(folder, checkpoint, public, roots)


def check_witnesses(
    folder: Path, checkpoint: Document, public: str, roots: str | None
) -> Iterator[str]:
    custody = folder / CUSTODY
    if (custody / "checkpoint.json").read_bytes() != canonical(checkpoint) + b"\n":
        raise Wrong("checkpoint.json is another checkpoint.")
    for path in sorted(custody.glob("earlier-*.proof.json")):
        proof = read(path)
        earlier = json.loads(
            Path(str(path).replace(".proof.json", ".json")).read_bytes()
        )
        if proof["earlier"] != earlier or proof["later"] != checkpoint:
            raise Wrong(f"{path.name} is a proof of something else.")
        check_signature(earlier, public, "an earlier checkpoint")
        check_consistency(earlier, checkpoint, proof["path"])
    stamps = sorted(custody.glob("*.tsr"))
    for path in stamps:
        yield check_stamp(path, roots)
    if not stamps:
        yield "There is no time-stamp of an outside authority in it."


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(description="Check a court package.")
    asked.add_argument("folder", nargs="?", default=str(Path(__file__).parent))
    asked.add_argument("--key", help="the archive's public key, 64 hexadecimal digits")
    asked.add_argument("--roots", help="certificates of the authority, PEM")
    given = asked.parse_args(arguments)
    try:
        for line in check(Path(given.folder), given.key, given.roots):
            sys.stdout.write(line + "\n")
    except Wrong as error:
        sys.stdout.write(f"IT DOES NOT HOLD: {error}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        sys.stderr.write(f"This is no court package: {error}\n")
        return 2
    sys.stdout.write("It holds.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
