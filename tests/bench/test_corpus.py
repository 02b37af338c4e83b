"""The records that search is measured with: the same each time, like real text."""

from __future__ import annotations

from collections import Counter

from search.analysis.folding import script
from tests.bench import corpus


def test_records_are_the_same_each_time_and_read_back_as_written(tmp_path):
    made = list(corpus.documents(60, seed=3))
    assert made == list(corpus.documents(60, seed=3))
    assert made != list(corpus.documents(60, seed=4))
    assert len({doc.id for doc in made}) == 60
    corpus.write(tmp_path / "records", 20)
    read = [doc for batch in corpus.read(tmp_path / "records") for doc in batch]
    assert read == list(corpus.documents(20))


def test_records_are_in_four_languages_and_some_words_are_much_more_frequent():
    texts = [text for doc in corpus.documents(400) for text in doc.texts]
    scripts = {"en": "L", "az": "L", "ru": "C", "hy": "A"}
    assert {text.lang for text in texts} == set(scripts)
    for language, wanted in scripts.items():
        bodies = [text.body for text in texts if text.lang == language]
        words = [word for body in bodies for word in body.lower().split()]
        in_script = sum(script(word) == wanted for word in words)
        assert in_script > 0.9 * len(words)
        counts = Counter(words)
        often = sum(count for _, count in counts.most_common(100))
        once = sum(count == 1 for count in counts.values())
        assert often > 0.3 * len(words)
        assert once > 0.3 * len(counts)
