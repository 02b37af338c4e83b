"""What a viewer may not know leaves no trace in any answer."""

import itertools

import pytest

from search.analysis.gazetteer import Gazetteer
from search.document import Document, Place, Text
from search.engine import FACETS, ScopeTerms, SearchEngine
from search.evaluation import Evaluation
from search.grammar import read
from search.postings import EXACT
from search.query import Query
from search.segments.engine import SegmentEngine
from tests.search.conftest import NOBODY, PUBLIC, STAFF, VETTED, Asker, Maker
from tests.search.conftest import make_document as document

SCOPES = {"public": PUBLIC, "vetted": VETTED, "staff": STAFF}
SEES = {
    "public": {"public"},
    "vetted": {"public", "vetted"},
    "staff": {"public", "vetted", "staff"},
}
PLANTED = "quibblefrost"
QUESTIONS = [
    "convoy",
    "convoys bridge",
    "church",
    PLANTED,
    "quibblefrosts",
    "quibblefro*",
    "quib*",
    "quibblefrest~",
    "quibblefrest",
    "con*",
    "convvoy",
    "convoy~2",
    f'"{PLANTED} valley"',
    f'"convoy {PLANTED}"~9',
    f"convoy OR {PLANTED}",
    f"convoy -{PLANTED}",
    f"NOT {PLANTED}",
    f"title:{PLANTED}",
    f"place:{PLANTED}",
    "label:hidden.thing",
    "collection:hidden-collection",
    "tier:X",
    "id:secret",
    "year:1921",
    "Shushi",
    "Стeпанакерт",
    "",
]


def public_documents() -> list[Document]:
    return [
        document("p1", "A convoy near the church of Shushi", labels=("x.one",), tier=1),
        document("p2", "Convoys on the bridge", title="Convoy", tier=3),
        document("p3", "Колонна у церкви", lang="ru", tier=2, kinds=("video",)),
        document("p4", "Nothing of the kind, a valley", places=(Place("Talish"),)),
    ]


def hidden_documents(audience: str) -> list[Document]:
    body = f"convoy {PLANTED} valley convoy church quibblefrosty " * 3
    hidden = document(
        "secret",
        body,
        title=PLANTED,
        audience=audience,
        labels=("hidden.thing", "x.one"),
        tier=6,
        kinds=("video", "audio"),
        places=(Place(PLANTED, 39.0, 46.0), Place("Shushi")),
        collection="hidden-collection",
        verification="hidden-status",
        stance="hidden-stance",
        platform="hidden-platform",
    )
    more = [document(f"h{i}", "convoy church", audience=audience) for i in range(9)]
    return [hidden, *more]


def everything_said(engine: SearchEngine, scope: ScopeTerms) -> list[object]:
    found: list[object] = [engine.find(Query(q), scope) for q in QUESTIONS]
    found += [engine.find(Query("convoy", sort="event_date", per_page=2), scope)]
    found += [engine.find(Query(bbox=(45.0, 38.0, 47.0, 40.0)), scope)]
    prefixes = ("q", "quib", "quibblefrost", "con", "ch", "hid", "ш")
    return found + [engine.suggest(prefix, scope) for prefix in prefixes]


@pytest.mark.parametrize("audience", ["vetted", "staff"])
def test_hidden_documents_change_nothing_that_the_public_is_told(
    engine: SearchEngine, audience: str
) -> None:
    engine.add(public_documents())
    before = everything_said(engine, PUBLIC)
    engine.add(hidden_documents(audience))
    assert everything_said(engine, PUBLIC) == before
    assert engine.find(Query(PLANTED), STAFF).total == 1


def test_a_withdrawn_document_leaves_nothing_behind(engine: SearchEngine) -> None:
    engine.add(public_documents())
    before = everything_said(engine, STAFF)
    engine.add(hidden_documents("public"))
    assert engine.find(Query(PLANTED), PUBLIC).total == 1
    engine.remove(["secret", *(f"h{i}" for i in range(9))])
    assert everything_said(engine, STAFF) == before
    assert everything_said(engine, PUBLIC) == before


@pytest.mark.parametrize(
    ("planted_for", "viewer"), list(itertools.product(SCOPES, repeat=2))
)
def test_a_planted_word_is_found_by_those_who_may_know_it(
    engine: SearchEngine, ask: Asker, planted_for: str, viewer: str
) -> None:
    engine.add([*public_documents(), document("it", PLANTED, audience=planted_for)])
    scope = SCOPES[viewer]
    seen = planted_for in SEES[viewer]
    asked = (PLANTED, "quibble*", "quibblefrst~", f'"{PLANTED}"', f"{PLANTED}s")
    for text in asked:
        assert ask.ids(text, scope) == (["it"] if seen else []), text
    suggestion = ask.results("quibblefrst", scope).suggestion
    assert suggestion == (PLANTED if seen else None)
    assert engine.suggest("quib", scope) == ([PLANTED] if seen else [])


def test_a_record_that_becomes_hidden_is_hidden_at_once(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("one", PLANTED)])
    assert ask.ids(PLANTED) == ["one"]
    engine.add([document("one", PLANTED, audience="staff")])
    assert ask.ids(PLANTED) == []
    assert engine.suggest("quib", PUBLIC) == []
    assert ask.results("quibblefrst").suggestion is None


def test_a_removed_word_is_gone_before_its_segment_is_rewritten(
    engine: SearchEngine, ask: Asker
) -> None:
    many = [document(f"m{number}", "convoy bridge") for number in range(1200)]
    many.insert(5, document("it", f"{PLANTED} convoy"))
    engine.rebuild(many)
    before = ask.results("convoy").total
    engine.remove(["it"])
    assert ask.results("convoy").total == before - 1
    assert ask.results("quibblefrst").suggestion is None
    assert engine.suggest("quib", PUBLIC) == []
    assert ask.ids("quib*") == ask.ids(f"{PLANTED}~") == []
    assert ask.counts("language") == {"en": 1200}


def test_an_empty_scope_finds_nothing(engine: SearchEngine, ask: Asker) -> None:
    engine.add([*public_documents(), *hidden_documents("staff")])
    for text in ("", "convoy", "NOT convoy", "*", "con*"):
        results = ask.results(text, NOBODY)
        assert (results.total, list(results.hits)) == (0, [])
        assert not any(results.facets.values())
    assert engine.suggest("con", NOBODY) == []


def guarded(title: str) -> Document:
    texts = (Text("en", title, "A convoy in the valley"),)
    return document("g", texts=texts, guarded=True, tier=4)


def test_a_guarded_title_is_found_and_shown_only_where_the_scope_allows(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([*public_documents(), guarded(f"{PLANTED} executed")])
    vetted = ScopeTerms(frozenset({"public"}), guarded=True)
    assert ask.ids(PLANTED, vetted) == ["g"]
    assert "<mark>" in ask.results(PLANTED, vetted).hits[0].title_html
    assert ask.ids(PLANTED) == []
    hit = next(h for h in ask.results("valley").hits if h.id == "g")
    assert hit.title_html == ""
    assert PLANTED not in hit.snippet_html


def test_the_words_of_a_guarded_title_change_nothing_for_others(
    engine: SearchEngine,
) -> None:
    engine.add([*public_documents(), guarded("x")])
    before = everything_said(engine, PUBLIC)
    engine.add([guarded(f"{PLANTED} convoy convoy church " * 5)])
    assert everything_said(engine, PUBLIC) == before


def work_done(engine: SegmentEngine, scope: ScopeTerms) -> list[tuple[str, int, int]]:
    """What each question reads: postings and positions, and documents looked through.

    Counted, since time cannot be told apart from the noise of a machine.
    """
    view, found = engine._view(scope), []
    for text in QUESTIONS:
        evaluation = Evaluation(view, Gazetteer.load())
        evaluation.match(read(text).node)
        words = sum(1 for _ in view.words_from(EXACT, text[:2]))
        found.append((text, evaluation.work, words))
    sizes = {len(view.facts), len(view.lengths), len(view.id_rank), view.size}
    assert sizes == {view.size}
    return [*found, ("", view.size, sum(len(view.facet(f).values) for f in FACETS))]


@pytest.mark.parametrize("audience", ["vetted", "staff"])
def test_the_work_of_a_search_does_not_depend_on_what_is_hidden(
    maker: Maker, audience: str
) -> None:
    engine = maker.create()
    engine.add(public_documents())
    before = work_done(engine, PUBLIC)
    assert sum(work for _, work, _ in before) > 30
    engine.add(hidden_documents(audience))
    engine.add(
        [document(f"m{i}", f"convoy q{i}", audience=audience) for i in range(40)]
    )
    assert work_done(engine, PUBLIC) == before
    assert work_done(engine, STAFF) != before
    engine.close()
