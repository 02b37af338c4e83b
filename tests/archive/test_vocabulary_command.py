"""`vigil vocabulary`: out to translators and back, all of it or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import wording
from archive.cli.main import main
from archive.records import labels, store, vocabulary
from archive.records.labels import LabelInput
from archive.records.vocabulary import Edit
from archive.site import Site
from auth.viewer import Tier

CODE = "harm.threat"


@pytest.fixture
def vigil(site: Site, environ: dict[str, str]):
    def run(*words: str):
        return CliRunner().invoke(main, ["vocabulary", *words], env=environ)

    return run


def words(site: Site):
    with site.db.read() as s:
        return vocabulary.of(s)


def test_a_file_goes_out_and_comes_back_translated(
    vigil, site: Site, desk, tmp_path: Path
) -> None:
    held = desk.deposit()
    with site.db.write() as s:
        asset = store.require_asset(s, held.assets[0].id)
        labels.apply(s, asset, [LabelInput(CODE, Tier.G2)], "m1", site.clock())
    document = json.loads(vigil("export").stdout)
    (label,) = [each for each in document["labels"] if each["code"] == CODE]
    label["visible"]["hy"], label["lowest"] = "Դանակ կամ խոսք։", "G3"
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    asked = ("import", str(file), "--reason", "reviewed", "--json")
    dry = json.loads(vigil(*asked, "--dry-run").stdout)
    assert dry["changed"] == {CODE: ["lowest", "visible.hy"]}
    assert words(site).term(CODE).lowest is Tier.G2
    done = json.loads(vigil(*asked).stdout)
    assert done == {**dry, "dry_run": False}
    assert done["below"] == {CODE: [held.record.id]}
    assert words(site).term(CODE).say("visible", "hy").text == "Դանակ կամ խոսք։"
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event=wording.EVENT)
        assert (line.actor, line.detail["reason"]) == ("operator", "reviewed")
    assert json.loads(vigil(*asked).stdout)["changed"] == {}
    listed = json.loads(vigil("list", "--language", "hy", "--json").stdout)
    (told,) = [each for each in listed["labels"] if each["code"] == CODE]
    assert (told["language"], told["lowest"]) == ("hy", "G3")
    assert "G3–G3" in vigil("list").stdout


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("[", "is not JSON in UTF-8"),
        ([], "Give an object with"),
        ({"labels": {}}, "labels as a list"),
        ({"labels": [{}]}, "needs its code"),
        ({"labels": [{"code": CODE}, {"code": CODE}]}, "stands twice"),
        ({"labels": [{"code": CODE, "revision": "1"}]}, "is not a number"),
        ({"labels": [{"code": CODE, "name": {"fr": "x"}}]}, f"{CODE} name: 'fr'"),
        ({"tiers": {"G9": {"name": {"en": "x"}}}}, "G9 code: A code is"),
    ],
)
def test_a_file_that_cannot_be_taken_changes_nothing(
    vigil, site: Site, tmp_path: Path, document, sentence
) -> None:
    good = {"code": "dead.body", "name": {"en": "A body"}}
    if isinstance(document, dict) and isinstance(document.get("labels"), list):
        document = {**document, "labels": [good, *document["labels"]]}
    file = tmp_path / "labels.json"
    written = document if isinstance(document, str) else json.dumps(document)
    file.write_text(written, encoding="utf-8")
    before = words(site)
    answer = vigil("import", str(file), "--reason", "x", "--json")
    assert answer.exit_code == 1
    assert sentence in json.loads(answer.stdout)["error"]["message"]
    assert words(site) == before


def test_a_file_from_before_somebody_elses_edit_is_refused(
    vigil, site: Site, tmp_path: Path
) -> None:
    document = json.loads(vigil("export").stdout)
    for each in document["labels"]:
        if each["code"] == CODE:
            each["name"]["en"] = "From the file"
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with site.db.write() as s:
        edit = Edit(CODE, {"name": {"en": "In between"}}, None)
        wording.change(site, s, edit, by="a1", now=site.clock(), reason="x")
    answer = vigil("import", str(file), "--reason", "x")
    assert answer.exit_code == 1
    assert "Somebody else changed these words" in answer.stderr
    assert words(site).term(CODE).name("en") == "In between"
