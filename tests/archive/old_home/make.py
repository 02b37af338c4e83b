"""Make the home of the first version: run in a checkout of commit a42370e.

    PYTHONPATH=. python .../tests/archive/old_home/make.py FOLDER

writes FOLDER/home.tar.xz and FOLDER/told.json, which say what it holds. Its key is in
it, since it keeps nothing but noise.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
import tarfile
import tempfile
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from sqlalchemy import select

from archive import config, intake, moderation
from archive.ledger.tables import LedgerEntry
from archive.records.document import Description, RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import create_home
from archive.work.worker import run_one
from auth import accounts, lifecycle, passwords
from auth.tables import Account
from auth.viewer import Access, Role, Visibility

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
PASSWORD = "violet anchors drift past noon"
TEXTS = {
    "en": ("The yard of the school", "Soldiers speak to men who stand at a wall."),
    "hy": ("Դպրոցի բակը", "Զինվորները խոսում են պատի մոտ կանգնած մարդկանց հետ։"),
    "az": ("Məktəbin həyəti", "Əsgərlər divarın yanında duran adamlarla danışır."),
    "ru": ("Двор школы", "Солдаты говорят с людьми, стоящими у стены."),
}
DRAWN = random.Random(1)


def picture() -> bytes:
    sink = io.BytesIO()
    image = Image.frombytes("L", (48, 36), DRAWN.randbytes(48 * 36))
    image.convert("RGB").save(sink, "JPEG")
    return sink.getvalue()


def sound() -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(DRAWN.randbytes(8_000))
    return sink.getvalue()


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        told = fill(root)
        with tarfile.open(folder / "home.tar.xz", "w:xz") as file:
            file.add(root, "root")
    (folder / "told.json").write_text(json.dumps(told, indent=1) + "\n")


def fill(root: Path) -> dict[str, object]:
    environ = {
        "VIGIL_HOME": str(root / "home"),
        "VIGIL_KEY_FILE": str(root / "keys" / "vigil.key"),
    }
    site = create_home(config.load(environ), lambda: NOW)
    people = {}
    with site.db.write() as s:
        for role in (Role.ADMINISTRATOR, Role.MODERATOR, Role.RESEARCHER):
            email = f"{role}@example.org"
            one = accounts.add(s, site.sealing, email, str(role), role, None, NOW)
            until = NOW + timedelta(days=300)
            lifecycle.vet_offline(
                s, site.sealing, one, "papers, seen", until, "operator", NOW
            )
            s.get_one(Account, one.id).password_hash = passwords.Hasher().hash(PASSWORD)
            people[str(role)] = one.id
    text = {lang: Description(*both) for lang, both in TEXTS.items()}
    assets = {}
    records = {}
    for name, files in {
        "shown": {"wall.jpg": picture(), "voice.wav": sound()},
        "waiting": {"yard.jpg": picture()},
    }.items():
        with intake.begin(site) as arrival:
            for filename, content in files.items():
                arrival.take(io.BytesIO(content), filename)
            draft = RecordDraft(RecordDocument(text), Visibility.PUBLIC, Access.VETTED)
            deposit = arrival.deposit(draft, "operator", NOW)
        records[name] = deposit.record.id
        digests = [hashlib.sha256(content).hexdigest() for content in files.values()]
        held = [asset.id for asset in deposit.assets]
        assets[name] = dict(zip(held, digests, strict=True))
    with site.db.write() as s:
        for asset_id in assets["shown"]:
            given = [LabelInput("dead.body", None)]
            moderation.label(site, s, asset_id, given, people["moderator"], NOW)
        by = people["moderator"]
        moderation.publish(site, s, records["shown"], by, NOW)
    while run_one(site, NOW):
        pass
    with site.db.read() as s:
        lines = [
            {"seq": line.seq, "event": line.event, "digest": line.digest}
            for line in s.scalars(select(LedgerEntry).order_by(LedgerEntry.seq))
        ]
    site.close()
    return {
        "now": NOW.isoformat(),
        "password": PASSWORD,
        "people": people,
        "records": records,
        "assets": assets,
        "lines": lines,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
