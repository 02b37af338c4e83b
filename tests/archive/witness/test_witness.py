"""Checkpoints, proofs, extracts and stamps: an outsider finds every change.

Rows E7, E8, X10.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from archive import verification, witness
from archive.ledger import merkle, tree
from archive.ledger.tables import LedgerCheckpoint, LedgerNode
from archive.site import Site
from archive.vault import signing
from archive.witness import WitnessError, attestation, extracts
from archive.witness.checkpoints import written
from tests.archive.witness import authority
from tests.archive.witness.authority import Authority

CHECK = Path(__file__).parents[3] / "docs/formats/check_ledger.py"
LINES = 300


def write(site: Site, count: int, record: str = "r1") -> None:
    with site.db.write() as s:
        for number in range(count):
            about = record if number % 50 == 0 else f"other{number}"
            detail = {"number": number, "told": "Գիր \ud800"}
            site.ledger.append(
                s,
                "labelling",
                actor="operator",
                now=site.clock(),
                record=about,
                detail=detail,
            )


def sign(site: Site) -> dict[str, Any]:
    return attestation.sign(site, actor="operator", now=site.clock())


def findings(site: Site) -> list[tuple[str, str]]:
    found = verification.verify(
        site, parts=("ledger",), actor="operator", now=site.clock()
    )
    return [(each.about, each.what) for each in found.findings]


def tamper(site: Site, *statements: str) -> None:
    """Change the ledger as somebody with every key of the database could."""
    with site.db.write() as s:
        if site.db.is_sqlite:
            for change in ("update", "delete"):
                s.execute(text(f"DROP TRIGGER IF EXISTS ledger_refuses_{change}"))
        else:
            s.execute(text("ALTER TABLE ledger DISABLE TRIGGER ledger_refuses_change"))
        for statement in statements:
            s.execute(text(statement))


def checked(site: Site, document: object, folder: Path, *more: str) -> tuple[int, str]:
    """What the stand-alone script says of a document: its exit status and words."""
    path = folder / "document.json"
    path.write_text(json.dumps(document))
    key = signing.public_key(site.keyring)
    script = [sys.executable, "-I", str(CHECK), key, str(path), *more]
    done = subprocess.run(script, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def told(any_site: Site) -> Site:
    """An archive with some hundreds of lines and two checkpoints."""
    write(any_site, 20)
    sign(any_site)
    write(any_site, LINES)
    sign(any_site)
    return any_site


def test_a_checkpoint_stands_for_all_lines_before_it_and_is_told(told: Site) -> None:
    with told.db.read() as s:
        newest, first = witness.listing(s)
        line = told.ledger.entries(s, event="checkpoint", limit=1)[0]
    assert line.detail == {"size": newest.size, "root": newest.document["root"]}
    assert line.seq == newest.size + 1
    assert first.size < newest.size
    assert findings(told) == []
    report = verification.verify(
        told, parts=("ledger",), actor="operator", now=told.clock()
    )
    assert report.checked["checkpoints"] == 2


def test_where_nothing_happened_there_is_no_new_checkpoint(told: Site) -> None:
    before = sign(told)
    assert sign(told) == before
    write(told, 1)
    assert sign(told)["size"] > before["size"]


def test_of_many_who_sign_at_once_one_does_and_all_are_given_that(told: Site) -> None:
    write(told, 300)
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda _: sign(told), range(4)))
    assert len({each["size"] for each in given}) == 1
    assert findings(told) == []


def test_what_cannot_be_written_whole_is_not_there(
    told: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    site = replace(told, config=replace(told.config, checkpoint_folder=folder))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(WitnessError, match="No space left"):
            attestation.bear_out(site)
        with pytest.raises(WitnessError, match="No space left"):
            extracts.write(site, folder / "all.json", record=None)
    assert list(folder.iterdir()) == []
    attestation.bear_out(site)
    assert findings(site) == []


def test_subtrees_are_kept_and_give_the_same_proofs_as_all_lines(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with told.db.read() as s:
        size = witness.latest(s).size
        kept = tree.Tree(s)
        quick = [kept.inclusion(seq, size) for seq in (1, 256, 257, 300, size)]
        assert s.execute(text("SELECT count(*) FROM ledger_nodes")).scalar_one() == 1
        monkeypatch.setattr(tree, "BITS", 40)  # keeps none
        whole = tree.Tree(s)
        assert quick == [whole.inclusion(seq, size) for seq in (1, 256, 257, 300, size)]
        assert kept.root(size) == whole.root(size)


def test_a_proof_holds_for_its_line_alone(told: Site, tmp_path: Path) -> None:
    with told.db.read() as s:
        proof = witness.inclusion(s, 300)
        other = witness.inclusion(s, 301)
    top = bytes.fromhex(proof["checkpoint"]["root"])
    path = [bytes.fromhex(step) for step in proof["path"]]
    digest, size = bytes.fromhex(proof["digest"]), proof["checkpoint"]["size"]
    assert merkle.includes(digest, 299, size, top, path)
    assert checked(told, proof, tmp_path) == (
        0,
        f"Line 300 is among the {size} lines.\n",
    )
    for bent in (
        {**proof, "seq": 301},
        {**proof, "digest": other["digest"]},
        {**proof, "path": other["path"]},
        {**proof, "path": proof["path"][:-1]},
        {**proof, "seq": 0},
        {**proof, "checkpoint": {**proof["checkpoint"], "at": "2020-11-21T00:00:00"}},
    ):
        assert checked(told, bent, tmp_path)[0] == 1
    assert checked(told, {**proof, "document": "a poem"}, tmp_path)[0] == 2
    assert checked(told, {}, tmp_path)[0] == 2


def test_one_checkpoint_is_shown_to_go_on_from_another(
    told: Site, tmp_path: Path
) -> None:
    with told.db.read() as s:
        newest, first = witness.listing(s)
        proof = witness.consistency(s, first.size)
        same = witness.consistency(s, newest.size)
    assert checked(told, proof, tmp_path)[0] == 0
    assert checked(told, same, tmp_path)[0] == 0
    assert checked(told, {**proof, "path": proof["path"][1:]}, tmp_path)[0] == 1
    swapped = {**proof, "earlier": proof["later"], "later": proof["earlier"]}
    assert checked(told, swapped, tmp_path)[0] == 1


def test_what_there_is_not_is_a_sentence(told: Site) -> None:
    with told.db.read() as s:
        newest, first = witness.listing(s)
        for wrong, sentence in (
            (lambda: witness.inclusion(s, 10**6), "no line 1000000"),
            (lambda: witness.inclusion(s, newest.size + 1), "newer than"),
            (lambda: witness.inclusion(s, 1, size=7), "exactly 7 lines"),
            (lambda: witness.consistency(s, newest.size, first.size), "fewer lines"),
            (lambda: witness.consistency(s, 7), "exactly 7 lines"),
        ):
            with pytest.raises(WitnessError, match=sentence):
                wrong()


@pytest.mark.parametrize("details", [False, True])
def test_an_extract_of_one_record_shows_each_of_its_lines(
    told: Site, tmp_path: Path, details: bool
) -> None:
    path = tmp_path / "custody.json"
    count = extracts.write(told, path, record="r1", details=details)
    extract = json.loads(path.read_text())
    assert count == len(extract["lines"]) == LINES // 50 + 1
    assert path.stat().st_mode & 0o077 == 0
    assert ("Գիր" in json.dumps(extract, ensure_ascii=False)) == details
    assert checked(told, extract, tmp_path)[0] == 0
    other = extract["lines"][4]["path"]
    bends: list[Callable[[Any], None]] = [
        lambda told: told["line"].update(actor="somebody"),
        lambda told: told.update(path=other),
        lambda told: told["line"].update(record="r2"),
    ]
    if details:
        bends.append(lambda told: told["detail"].update(number=7))
    for bend in bends:
        bent = json.loads(path.read_text())
        bend(bent["lines"][3])
        assert checked(told, bent, tmp_path)[0] == 1
    before = set(tmp_path.iterdir())
    with pytest.raises(WitnessError, match="nothing of a record"):
        extracts.write(told, tmp_path / "none.json", record="unknown")
    assert set(tmp_path.iterdir()) == before
    with pytest.raises(WitnessError, match="cannot be written"):
        extracts.write(told, path, record="r1")


def test_an_extract_of_all_lines_is_the_chain_and_goes_on_from_what_was_kept(
    told: Site, tmp_path: Path
) -> None:
    path, kept = tmp_path / "all.json", tmp_path / "kept.json"
    extracts.write(told, path, record=None)
    extract = json.loads(path.read_text())
    with told.db.read() as s:
        kept.write_bytes(written(witness.listing(s)[-1].document))
    assert checked(told, extract, tmp_path, str(kept))[0] == 0
    missing = {**extract, "lines": extract["lines"][:4] + extract["lines"][5:]}
    shorter = {**extract, "lines": extract["lines"][:-1]}
    for bent, word in ((missing, "Line 5 is missing"), (shorter, "The lines end at")):
        status, words = checked(told, bent, tmp_path, str(kept))
        assert (status, word in words) == (1, True)


def test_somebody_with_every_key_still_cannot_write_the_past_anew(
    told: Site, tmp_path: Path
) -> None:
    """The chain can be forged by who holds the keys; an earlier checkpoint cannot."""
    with told.db.read() as s:
        kept = dict(witness.listing(s)[-1].document)
    tamper(
        told,
        "DELETE FROM ledger WHERE seq > 5",
        "DELETE FROM ledger_nodes",
        "DELETE FROM ledger_checkpoints",
        "DELETE FROM ledger_head",
    )
    with told.db.write() as s:
        head = told.ledger.entries(s, limit=1)[0]
        s.execute(
            text(
                "INSERT INTO ledger_head (id, seq, digest, mac) VALUES (1, 5, :d, :m)"
            ),
            {"d": head.digest, "m": told.ledger._mac(f"5 {head.digest}")},
        )
    write(told, 40)
    sign(told)
    assert findings(told) == []  # the forged chain is whole
    path, file = tmp_path / "all.json", tmp_path / "kept.json"
    extracts.write(told, path, record=None)
    file.write_bytes(written(kept))
    status, words = checked(told, json.loads(path.read_text()), tmp_path, str(file))
    assert (status, words) == (
        1,
        "The first lines are not those that EARLIER stands for.\n",
    )
    folder = tmp_path / "kept"
    folder.mkdir()
    witness.keep(kept, folder)
    elsewhere = replace(told, config=replace(told.config, checkpoint_folder=folder))
    [(about, what)] = findings(elsewhere)
    assert about.endswith(f"checkpoint-{kept['size']:012d}.json")
    assert what == f"the first {kept['size']} lines are not those it stands for"


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_changed_tree_is_found(told: Site, how: str) -> None:
    with told.db.write() as s:
        kept = s.scalars(select(LedgerNode)).one()
        if how == "gone":
            s.delete(kept)
        else:
            kept.digest = bytes(32)
    [(about, what)] = findings(told)
    assert (about, "proofs would fail" in what) == ("tree", True)


def test_a_changed_checkpoint_is_found(told: Site) -> None:
    with told.db.write() as s:
        row = witness.latest(s)
        row.document = {**row.document, "at": "2020-11-21T00:00:00+00:00"}
    [(_, what)] = findings(told)
    assert what == "its signature does not hold"


def test_checkpoints_are_kept_elsewhere_and_never_over_another(
    told: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    site = replace(told, config=replace(told.config, checkpoint_folder=folder))
    attestation.bear_out(site)
    attestation.bear_out(site)
    assert len(list(folder.iterdir())) == 2
    assert findings(site) == []
    newest = max(folder.iterdir())
    newest.chmod(0o600)
    newest.write_bytes(newest.read_bytes().replace(b'"size":', b'"size": '))
    with pytest.raises(WitnessError, match="already holds another"):
        attestation.bear_out(site)
    for broken in ("{", "[]", '{"size": [1]}', "null"):
        newest.write_text(broken)
        assert findings(site) == [(str(newest), "it cannot be read as a checkpoint")]
    shutil.rmtree(folder)
    assert findings(site) == [
        (str(folder), f"{folder}, where checkpoints are kept, is not there.")
    ]
    with pytest.raises(WitnessError, match="cannot be written"):
        attestation.bear_out(site)


# Stamps -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority.running(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture
def stamped(told: Site, door: Authority) -> Callable[..., Site]:
    """The archive with that authority set."""

    def having(**changes: Any) -> Site:
        door.manner = ""
        wanted = {"tsa_url": door.url, "tsa_certificates": door.roots, **changes}
        return replace(told, config=replace(told.config, **wanted))

    return having


def test_a_stamp_is_asked_for_once_and_checked_by_others(
    stamped: Callable[..., Site], door: Authority, tmp_path: Path
) -> None:
    site, before = stamped(), door.asked
    attestation.bear_out(site)
    attestation.bear_out(site)
    assert door.asked == before + 1
    assert findings(site) == []
    path = tmp_path / "all.json"
    extracts.write(site, path, record=None)
    script = [sys.executable, "-I", str(CHECK), "--stamp", str(path), str(tmp_path)]
    subprocess.run(script, check=True, capture_output=True)
    command = ["openssl", "ts", "-verify", "-CAfile", str(door.roots)]
    command += ["-data", "checkpoint.json", "-in", "stamp.tsr"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("away", "answered 503"),
        ("deaf", "is no time-stamp"),
        ("garbled", "does not hold|is no time-stamp"),
    ],
)
def test_an_authority_that_proves_nothing_is_not_believed(
    stamped: Callable[..., Site], door: Authority, manner: str, sentence: str
) -> None:
    site = stamped()
    door.manner = manner
    with pytest.raises(WitnessError, match=sentence):
        attestation.bear_out(site)
    with site.db.read() as s:
        assert witness.latest(s).stamp is None


def test_a_stamp_of_a_stranger_is_not_believed(
    stamped: Callable[..., Site], tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    site = stamped(tsa_certificates=stranger.roots)
    with pytest.raises(WitnessError, match="does not hold"):
        attestation.bear_out(site)
    with pytest.raises(WitnessError, match="does not answer"):
        attestation.bear_out(stamped(tsa_url="http://127.0.0.1:9/"))
    with pytest.raises(WitnessError, match="cannot be read"):
        attestation.bear_out(stamped(tsa_certificates=tmp_path / "none.pem"))


def test_a_stamp_that_was_moved_or_redated_is_found(
    stamped: Callable[..., Site],
) -> None:
    site = stamped()
    attestation.bear_out(site)
    with site.db.write() as s:
        newest, first = witness.listing(s)
        first.stamp, first.stamped_at = newest.stamp, newest.stamped_at
    [(about, what)] = findings(site)
    assert about == f"checkpoint {first.size}"
    assert "does not hold" in what
    with site.db.write() as s:
        row = s.get_one(LedgerCheckpoint, first.size)
        row.stamp, row.stamped_at = None, None
        newest = s.get_one(LedgerCheckpoint, newest.size)
        newest.stamped_at = site.clock()
    [(about, what)] = findings(site)
    assert what == "the time beside the stamp was changed"
