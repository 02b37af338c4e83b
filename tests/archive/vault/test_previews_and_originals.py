"""The two ways out: previews for whoever has their key, originals with a Permit."""

import ast
from pathlib import Path

import pytest

from archive.vault import originals, previews
from archive.vault.container import Kind
from archive.vault.errors import KeyUnavailable, NoSuchObject
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain
from archive.vault.objects import Vault
from auth.policy import Action, Permit, Refusal
from auth.viewer import ANONYMOUS, Item

ROOT = Path(__file__).parents[3]


@pytest.fixture
def original(s, vault, now):
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(b"untouched bytes")
        return incoming.finish(s, now)


@pytest.fixture
def permit(now):
    def give(action=Action.OPEN_ORIGINAL, asset_id="asset-1"):
        return Permit(action, ANONYMOUS, Item("record-1", asset_id=asset_id), now)

    return give


@pytest.mark.parametrize("action", [Action.OPEN_ORIGINAL, Action.DERIVE])
def test_an_original_opens_with_the_permit_for_its_asset(
    s, vault, original, permit, action
):
    with originals.open_original(
        permit(action), s, vault, asset_id="asset-1", object_id=original.object_id
    ) as reader:
        assert reader.read() == b"untouched bytes"


def test_no_other_permit_opens_it(s, vault, original, permit, now):
    wrong = [
        None,
        True,
        Refusal(Action.OPEN_ORIGINAL, ()),
        permit(asset_id="asset-2"),
        permit(asset_id=None),
        Permit(Action.OPEN_ORIGINAL, ANONYMOUS, None, now),
    ]
    opening = {Action.OPEN_ORIGINAL, Action.DERIVE}
    wrong += [permit(action) for action in Action if action not in opening]
    for not_enough in wrong:
        with pytest.raises(originals.WrongPermit):
            originals.open_original(
                not_enough, s, vault, asset_id="asset-1", object_id=original.object_id
            )


def test_a_preview_is_not_opened_as_an_original(s, vault, permit, now):
    ref = previews.store(s, vault, b"blurred", Kind.PREVIEW_IMAGE, now)
    with pytest.raises(NoSuchObject):
        originals.open_original(
            permit(), s, vault, asset_id="asset-1", object_id=ref.object_id
        )


@pytest.mark.parametrize("kind", sorted(previews.KINDS))
def test_a_preview_reads_back(s, vault, now, kind):
    ref = previews.store(s, vault, b"blurred" * 9999, kind, now)
    assert previews.read_preview(s, vault, ref.object_id, kind) == b"blurred" * 9999
    with previews.open_preview(s, vault, ref.object_id, kind) as reader:
        assert reader.read_range(7, 7) == b"blurred"


@pytest.mark.parametrize("kind", [k for k in Kind if k not in previews.KINDS])
def test_no_original_passes_as_a_preview(s, vault, now, original, kind):
    with pytest.raises(ValueError, match="not a kind of preview"):
        previews.store(s, vault, b"x", kind, now)
    with pytest.raises(ValueError, match="not a kind of preview"):
        previews.open_preview(s, vault, original.object_id, kind)
    with pytest.raises(NoSuchObject):
        previews.read_preview(s, vault, original.object_id, Kind.PREVIEW_IMAGE)


def test_a_forgotten_preview_is_not_found(s, vault, now):
    ref = previews.store(s, vault, b"old", Kind.PREVIEW_IMAGE, now)
    previews.forget(s, ref.object_id)
    with pytest.raises(NoSuchObject):
        previews.read_preview(s, vault, ref.object_id, Kind.PREVIEW_IMAGE)


def test_a_process_with_the_preview_key_alone_opens_no_original(
    s, vault, store, unlock, tmp_path, original, permit, now
):
    ref = previews.store(s, vault, b"blurred", Kind.PREVIEW_IMAGE, now)
    domains = frozenset({Domain.WORKING})
    lesser = Vault(Keyring.load(unlock, tmp_path / "keyring", domains), store)
    assert previews.read_preview(s, lesser, ref.object_id, ref.kind) == b"blurred"
    with pytest.raises(KeyUnavailable):
        originals.open_original(
            permit(), s, lesser, asset_id="asset-1", object_id=original.object_id
        )


def modules_importing(name: str) -> set[str]:
    found = set()
    for path in (ROOT / "archive").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module} | {
                    f"{node.module}.{alias.name}" for alias in node.names
                }
            else:
                continue
            if name in names:
                found.add(path.relative_to(ROOT).as_posix())
    return found


DOORS = (
    "checking",
    "dumps",
    "listings",
    "objects",
    "originals",
    "previews",
    "segments",
)


def test_the_door_behind_both_is_used_by_the_vault_alone():
    users = modules_importing("archive.vault.opening")
    assert users == {f"archive/vault/{name}.py" for name in DOORS}


def test_the_gate_is_the_only_one_that_imports_originals():
    assert modules_importing("archive.vault.originals") <= {"archive/gate.py"}
