"""Makes key files, a manifest and previews of one format version, once; never again.

    python tests/archive/vault/vectors/make_key_vectors.py \
        tests/archive/vault/vectors/v1-keys

Nothing in them is anybody's secret: keys and passphrase stand beside what they open.
`expected.json` says what each file must give in every later version.
"""

import hashlib
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.ledger.chain import line_digest
from archive.ledger.tables import LedgerEntry
from archive.vault import manifests, passphrases, recipients, recovery, shares
from archive.vault.indexfiles import IndexSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.passphrases import Cost
from archive.vault.recovery import Settled
from archive.vault.shredlist import Shredding
from blur.kinds import Family
from blur.preview import DurationBucket, PageBucket, Preview

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PASSPHRASE = "this passphrase keeps no secret Ⅸ"
INDEX_NAME = "MAIN_abc.seg"
INDEX_CONTENT = b"a file of the index" * 1000
CONTENT = {
    "made_at": NOW.isoformat(),
    "program": "0.1.0",
    "settings": None,
    "files": {},
    "objects": {"0" * 32: [120, "0" * 64]},
}
SHREDDING = Shredding(
    UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff"),
    "a record",
    NOW,
    "a receipt",
    ("one", "other"),
    "a reason",
)


def secret() -> UnlockSecret:
    return UnlockSecret(hashlib.sha256(b"unlock secret of v1-keys").digest())


def make_keys(folder: Path) -> Keyring:
    keyring = Keyring.create(secret(), folder / "keys", NOW)
    keyring.keep_shredded_at(folder / "outside.shredded")
    keyring.shredded.add([SHREDDING])
    assert keyring.files is not None
    private = recipients.draw()
    recipients.write_private(folder / "recovery.pem", private)
    recipient = private.public("a board")
    recipients.write_public(folder / "recovery.public.pem", recipient)
    recovery.settle(keyring.files, Settled((recipient,)))
    keyring.write_bundle(NOW)
    cheap = Cost(memory_kib=64, iterations=2, lanes=2)
    passphrases.write_header(folder / "keys", PASSPHRASE, secret(), cheap)
    return keyring


def make_shares(folder: Path) -> None:
    for share in shares.split(secret()):
        private = recipients.draw()
        recipients.write_private(folder / f"holder-{share.number}.pem", private)
        sealed = shares.seal(share, private.public(f"holder {share.number}"))
        (folder / f"share-{share.number}.sealed").write_bytes(sealed)


def make_previews() -> dict[str, str]:
    def drawn(count: int, levels: int) -> bytes:
        return bytes(b % levels for b in hashlib.shake_256(b"cells").digest(count))

    eight = drawn(8, 3)
    made = {
        "image": Preview(Family.IMAGE, drawn(48, 8), eight, upright=True),
        "video": Preview(
            Family.VIDEO, drawn(320, 8), eight, duration=DurationBucket.UNDER_5_MIN
        ),
        "audio": Preview(Family.AUDIO, drawn(64, 8), duration=DurationBucket.LONGER),
        "document": Preview(
            Family.DOCUMENT, drawn(48, 8), eight, pages=PageBucket.UP_TO_100
        ),
    }
    return {name: preview.to_bytes().hex() for name, preview in made.items()}


def make_line() -> dict[str, Any]:
    entry = LedgerEntry(
        seq=7,
        at=NOW,
        event="displaying",
        actor="an account — ևs",
        record_id="a record",
        asset_id=None,
        account_id="an account",
        detail_digest="1" * 64,
        previous="2" * 64,
    )
    return {"digest": line_digest(entry)}


def main(folder: Path) -> None:
    folder.mkdir()  # fails if it is there: vectors are made once
    keyring = make_keys(folder)
    make_shares(folder)
    files = {"database": "3" * 32, "keys/working.keyring": "4" * 32}
    (folder / "manifest").write_bytes(manifests.seal(keyring, files, CONTENT))
    sealed = io.BytesIO()
    writer = IndexSealing(keyring).writer(INDEX_NAME, sealed)
    writer.write(INDEX_CONTENT)
    writer.close()
    (folder / "index-file").write_bytes(sealed.getvalue())
    expected = {
        "passphrase": PASSPHRASE,
        "unlock_secret": secret().secret_bytes().hex(),
        "keys": {str(key.id): key.secret_bytes().hex() for key in keyring.keys()},
        "archive": keyring.archive_id,
        "manifest": CONTENT,
        "index_name": INDEX_NAME,
        "index_sha256": hashlib.sha256(INDEX_CONTENT).hexdigest(),
        "previews": make_previews(),
        "line": make_line(),
    }
    (folder / "keys" / ".lock").unlink()
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
