"""The archive's own words: every version stays, and nothing is overwritten."""

from __future__ import annotations

import json
import threading

import pytest

from archive import wording
from archive.records import labels, store, vocabulary
from archive.records.errors import Conflict, FieldError, RecordsError, UnknownLabel
from archive.records.labels import LabelInput
from archive.records.vocabulary import merging, shipped
from archive.wording import Edit
from auth.viewer import Tier

CODE = "harm.threat"
ALREADY = "There is a label"


def edit(site, code, members, revision=None, *, reason="said better", by="a1"):
    with site.db.write() as s:
        return wording.change(
            site,
            s,
            Edit(code, members, revision),
            by=by,
            now=site.clock(),
            reason=reason,
        )


def words(site):
    with site.db.read() as s:
        return vocabulary.of(s)


def lines(site):
    with site.db.read() as s:
        return list(site.ledger.entries(s, event=wording.EVENT))


def test_a_new_archive_has_the_words_that_came_with_the_program(site) -> None:
    held, packaged = words(site), vocabulary.packaged()
    assert list(held.terms) == list(packaged.terms)
    assert held.edition == packaged.edition
    assert held.term(CODE).texts == packaged.term(CODE).texts
    assert held.tiers[Tier.G4].names == packaged.tiers[Tier.G4].names
    assert not lines(site)


def test_an_edit_is_a_new_version_and_the_ledger_says_so(any_site) -> None:
    site = any_site
    before = words(site).term(CODE)
    done = edit(site, CODE, {"name": {"ru": "Угроза"}, "lowest": "G3"})
    assert done.fields == ("lowest", "name.ru")
    after = words(site).term(CODE)
    assert (after.name("ru"), after.lowest) == ("Угроза", Tier.G3)
    assert after.name("hy") == before.name("hy")
    with site.db.read() as s:
        newest, oldest = vocabulary.history(s, CODE)
    assert (newest.author, newest.reason) == ("a1", "said better")
    assert newest.at == site.clock()
    assert oldest.document["name"]["ru"] == before.name("ru")
    (line,) = lines(site)
    assert line.detail["code"] == CODE
    assert line.detail["fields"] == ["lowest", "name.ru"]
    assert line.detail["reason"] == "said better"


def test_what_changes_nothing_is_no_version(site) -> None:
    held = words(site).term(CODE)
    assert edit(site, CODE, {"name": {"en": f" {held.name('en')} "}}) is None
    assert words(site).term(CODE).revision == held.revision
    assert not lines(site)


def test_another_connection_of_the_same_archive_sees_an_edit_at_once(
    site, environ, clock
) -> None:
    from archive import config
    from archive.site import open_site

    other = open_site(config.load(environ), clock)
    assert words(other).term(CODE).name("en") == "Threat to kill"
    edit(site, CODE, {"name": {"en": "Threat of death"}})
    assert words(other).term(CODE).name("en") == "Threat of death"
    other.close()


def test_an_edit_that_is_rolled_back_was_never_there(site) -> None:
    class Undone(Exception):
        pass

    def half(name: str, undone: bool) -> None:
        with site.db.write() as s:
            change = Edit(CODE, {"name": {"en": name}}, None)
            wording.change(site, s, change, by="a1", now=site.clock(), reason="x")
            assert vocabulary.of(s).term(CODE).name("en") == name
            if undone:
                raise Undone

    with pytest.raises(Undone):
        half("Never", True)
    assert words(site).term(CODE).name("en") == "Threat to kill"
    half("Once", False)
    assert words(site).term(CODE).name("en") == "Once"


@pytest.mark.parametrize(
    ("code", "members", "field"),
    [
        (CODE, {"name": {"fr": "Menace"}}, "name"),
        (CODE, {"name": {"en": " "}}, "name.en"),
        (CODE, {"definition": {"en": ""}}, "definition.en"),
        (CODE, {"name": "Threat"}, "name"),
        (CODE, {"name": {"en": 7}}, "name.en"),
        (CODE, {"scope": {"en": "x" * 1_001}}, "scope.en"),
        (CODE, {"lowest": "G9"}, "lowest"),
        (CODE, {"highest": "X"}, "highest"),
        (CODE, {"lowest": "G4", "highest": "G3"}, "lowest"),
        (CODE, {"lowest": None}, "lowest"),
        (CODE, {"told": "G3"}, "told"),
        (CODE, {"retired": "yes"}, "retired"),
        (CODE, {"kind": "flag"}, "kind"),
        (CODE, {"colour": "red"}, "colour"),
        (CODE, {"with": ["dead.body"]}, "with"),
        (CODE, {"raises": True}, "raises"),
        (CODE, {"iptc": ["cwarn:doom"]}, "iptc"),
        (CODE, {"qualifications": [{"article": "1"}]}, "qualifications"),
        ("id.victim", {"lowest": "G1", "highest": "G2"}, "lowest"),
        ("id.victim", {"retired": True}, "retired"),
        ("context.none", {"highest": "G1"}, "lowest"),
        ("G3", {"scope": {"en": "x"}}, "scope"),
        ("harm.Burning", {"name": {"en": "x"}}, "code"),
        ("harms.burning", {"name": {"en": "x"}}, "code"),
        ("harm.burning", {"kind": "word", "name": {"en": "x"}}, "kind"),
        ("harm.burning", {"name": {"en": "x"}}, "definition.en"),
        ("harm.burning", {"name": {"en": "x"}, "definition": {"en": "y"}}, "lowest"),
    ],
)
def test_what_cannot_be_taken_is_said_and_changes_nothing(
    site, code, members, field
) -> None:
    before = words(site)
    with pytest.raises(FieldError) as refused:
        edit(site, code, members)
    assert refused.value.field == field
    assert str(refused.value).endswith(".")
    assert words(site) == before
    assert not lines(site)


def test_an_edit_says_why(site) -> None:
    with pytest.raises(FieldError, match="Say why"):
        edit(site, CODE, {"name": {"en": "x"}}, reason=" \x00 ")


def test_of_two_who_edit_the_same_version_the_second_is_told(site) -> None:
    read = words(site).term(CODE).revision
    edit(site, CODE, {"name": {"en": "First"}}, read)
    with pytest.raises(Conflict, match="Somebody else"):
        edit(site, CODE, {"name": {"en": "Second"}}, read)
    assert words(site).term(CODE).name("en") == "First"


def test_of_twenty_at_the_same_moment_one_wins(any_site) -> None:
    read = words(any_site).term(CODE).revision
    start, told = threading.Barrier(20), []

    def one(number: int) -> None:
        start.wait()
        try:
            edit(any_site, CODE, {"name": {"en": f"Name {number}"}}, read)
            told.append("done")
        except Conflict:
            told.append("refused")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["done"] + ["refused"] * 19
    with any_site.db.read() as s:
        assert len(vocabulary.history(s, CODE)) == 2


def test_a_label_can_be_added_once_and_given_at_once(site, desk) -> None:
    new = {
        "name": {"en": "Burning"},
        "definition": {"en": "A person is burned."},
        "lowest": "G4",
        "highest": "G5",
        "iptc": ["cwarn:violence", "cwarn:suffering"],
    }
    edit(site, "harm.burning", new, 0)
    with pytest.raises(Conflict, match=ALREADY):
        edit(site, "harm.burning", new, 0)
    term = words(site).term("harm.burning")
    assert (term.kind, term.group, term.name("hy")) == ("tag", "harm", "Burning")
    assert term.say("name", "hy").language == "en"
    assert term.iptc == ("cwarn:suffering", "cwarn:violence")
    held = desk.deposit()
    desk.label(held.assets[0].id, "harm.burning")
    with site.db.read() as s:
        assert store.require(s, held.record.id).tier is Tier.G5


def test_a_retired_label_stays_where_it_stands_and_is_given_no_more(site, desk) -> None:
    first, second = desk.deposit(), desk.deposit()
    desk.label(first.assets[0].id, CODE)
    edit(site, CODE, {"retired": True})
    desk.label(first.assets[0].id, CODE, "id.place")
    with site.db.read() as s:
        standing = labels.current(s, first.assets[0].id)
        assert {row.code for row in standing} == {CODE, "id.place"}
        assert words(site).term(CODE).name("en") == "Threat to kill"
    with pytest.raises(FieldError, match="was retired"):
        desk.label(second.assets[0].id, CODE)
    edit(site, CODE, {"retired": False})
    desk.label(second.assets[0].id, CODE)


def test_raising_the_lowest_tier_names_what_stands_below_it(site, desk) -> None:
    low, high = desk.deposit(), desk.deposit()
    for held, tier in ((low, Tier.G2), (high, Tier.G3)):
        with site.db.write() as s:
            asset = store.require_asset(s, held.assets[0].id)
            labels.apply(s, asset, [LabelInput(CODE, tier)], "m1", site.clock())
    edit(site, CODE, {"lowest": "G3"})
    with site.db.read() as s:
        carried = wording.carried(s, CODE, words(site).term(CODE).lowest)
        assert store.require(s, low.record.id).tier is Tier.G2
    assert set(carried.records) == {low.record.id, high.record.id}
    assert carried.below == [low.record.id]


def test_a_later_edition_fills_in_and_overwrites_nothing(
    site, monkeypatch, tmp_path
) -> None:
    edit(site, CODE, {"name": {"hy": "Մեր բառը"}, "lowest": "G3"})
    whole = json.loads(shipped._FILE.read_text(encoding="utf-8"))
    whole["version"] += 1
    told = next(each for each in whole["labels"] if each["code"] == CODE)
    told["name"] |= {"en": "Threat of death", "hy": "Այլ"}
    told["lowest"], told["highest"] = "G1", "G4"
    whole["labels"] = [
        each for each in whole["labels"] if each["code"] != "edit.staged"
    ]
    whole["labels"].append({**told, "code": "harm.later"})
    later = tmp_path / "later.json"
    later.write_text(json.dumps(whole), encoding="utf-8")
    known = words(site)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(shipped, "_FILE", later)
            _forget()
            with site.db.write() as s:
                wording.take_in(site, s, site.clock())
                wording.take_in(site, s, site.clock())
            after = words(site)
    finally:
        _forget()
    term = after.term(CODE)
    assert (term.name("en"), term.name("hy")) == ("Threat of death", "Մեր բառը")
    assert (term.lowest, term.highest) == (Tier.G3, Tier.G4)
    assert after.term("edit.staged") == known.term("edit.staged")
    assert after.edition == known.edition + 1
    assert after.term("harm.later").name("en") == "Threat of death"
    (taken, _edited) = lines(site)
    assert taken.detail["changed"] == [CODE]
    with site.db.read() as s:
        assert len(vocabulary.history(s, CODE)) == 4


def _forget() -> None:
    for held in (shipped.packaged, shipped.documents, shipped.digest, shipped._read):
        held.cache_clear()


def test_an_archive_from_before_gets_the_words_when_it_is_opened(
    site, environ, clock
) -> None:
    from archive import config
    from archive.records.vocabulary.tables import VocabularyVersion
    from archive.site import open_site

    with site.db.write() as s:
        s.query(VocabularyVersion).delete()
    assert words(site) == vocabulary.packaged()
    opened = open_site(config.load(environ), clock)
    assert words(opened).revision > 0
    assert [line.detail["edition"] for line in lines(opened)] == [
        vocabulary.packaged().edition
    ]
    with opened.db.read() as s:
        assert merging.is_known(s)
    opened.close()


def test_there_is_no_history_of_what_never_was(site) -> None:
    with site.db.read() as s, pytest.raises(UnknownLabel):
        vocabulary.history(s, "harm.none")
    with pytest.raises(RecordsError, match="not a label"):
        edit(site, "harm.none", {}, 7)
