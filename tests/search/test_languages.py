"""Four languages, three scripts: one name finds its other spellings."""

import pytest

from search.analysis import azerbaijani
from search.analysis.folding import bare, fold
from search.analysis.gazetteer import Entry, Gazetteer, GazetteerError, parse
from search.analysis.romanise import keys
from search.analysis.tokens import tokens
from search.engine import SearchEngine
from tests.search.conftest import Asker, as_places
from tests.search.conftest import make_document as document

SHUSHI = {
    "en": "They left Shushi at night",
    "en2": "They left Shusha at night",
    "az": "Şuşada gecə idi",
    "hy": "Շուշիում գիշեր էր",
    "ru": "В Шуше была ночь",
    "ar": "ليلة في شوشا",
    "fa": "شبی در شوشی",
    "ka": "შუშა ღამით",
}
STEPANAKERT = {
    "en": "a shelter in Stepanakert",
    "en2": "a shelter in Khankendi",
    "az": "Xankəndidə sığınacaq",
    "hy": "ապաստարան Ստեփանակերտում",
    "ru": "убежище в Ханкенди",
    "ar": "ملجأ في ستيباناكرت",
    "fa": "پناهگاهی در استپاناکرت",
    "ka": "ხანქენდი და თავშესაფარი",
}


def spoken(texts: dict[str, str]) -> list[object]:
    return [document(k, body, lang=k[:2]) for k, body in texts.items()]


OTHERS = ["شوشا", "شوشى", "شوشی", "შუშა"]


@pytest.mark.parametrize(
    "typed", ["Shushi", "shusha", "ŞUŞA", "Շուշի", "Шуша", "шуше", *OTHERS]
)
def test_every_spelling_of_shushi_finds_every_other(
    engine: SearchEngine, ask: Asker, typed: str
) -> None:
    engine.add(spoken(SHUSHI))  # type: ignore[arg-type]
    assert set(ask.ids(typed)) == set(SHUSHI)


@pytest.mark.parametrize(
    "typed",
    [
        "Stepanakert",
        "Khankendi",
        "xankəndi",
        "Xankendi",
        "Ստեփանակերտ",
        "Ханкенди",
        "ستيباناكرت",
        "استپاناکرت",
        "სტეფანაკერტი",
    ],
)
def test_both_names_of_a_town_find_each_other(
    engine: SearchEngine, ask: Asker, typed: str
) -> None:
    engine.add(spoken(STEPANAKERT))  # type: ignore[arg-type]
    assert set(ask.ids(typed)) == set(STEPANAKERT)


def test_the_name_that_was_typed_stands_first(engine: SearchEngine, ask: Asker) -> None:
    engine.add(spoken(STEPANAKERT))  # type: ignore[arg-type]
    assert ask.ids("Khankendi")[0] == "en2"
    assert ask.ids("Stepanakert")[0] == "en"
    assert ask.ids("Ханкенди")[0] == "ru"
    for script in ("ar", "fa", "ka"):
        word = STEPANAKERT[script].split()[0 if script == "ka" else -1]
        assert ask.ids(word)[0] == script


def test_a_name_of_several_words_finds_the_one_of_the_other_side(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("hy", "Կարմիր Շուկա գյուղը", lang="hy"),
            document("az", "Qırmızı Bazar qəsəbəsi", lang="az"),
            document("no", "Karmir road, far from the Shuka"),
        ]
    )
    assert set(ask.ids("Karmir Shuka")) == {"hy", "az", "no"}
    assert set(ask.ids('place:"Karmir Shuka"')) == set()
    assert set(ask.ids("Красный Базар")) == {"hy", "az"}


def test_a_place_field_looks_only_at_places(engine: SearchEngine, ask: Asker) -> None:
    engine.add(
        [
            document("at", places=as_places("Şuşa")),
            document("about", "a letter from Shushi"),
        ]
    )
    assert ask.ids("place:Shushi") == ["at"]
    assert set(ask.ids("Shushi")) == {"at", "about"}
    assert ask.counts("place") == {"Şuşa": 1}


@pytest.mark.parametrize(
    ("lang", "text", "typed"),
    [
        ("en", "captured soldiers were beaten", "soldier"),
        ("ru", "военнопленных расстреляли", "военнопленные"),
        ("hy", "եկեղեցիները ավերվել են", "եկեղեցի"),
        ("az", "əsirlərin siyahısı", "əsirlər"),
        ("az", "uşaqlarımızdan biri", "uşaq"),
        ("az", "əсирләрин сијаһысы", "əsir"),
        ("uk", "полонених розстріляли", "полонені"),
        ("tr", "esirlerin listesi", "esirler"),
    ],
)
def test_an_inflected_word_is_found_by_another_form(
    engine: SearchEngine, ask: Asker, lang: str, text: str, typed: str
) -> None:
    engine.add([document("it", text, lang=lang), document("no", "другое other այլ")])
    assert ask.ids(typed) == ["it"]
    assert "<mark>" in ask.results(typed).hits[0].snippet_html


@pytest.mark.parametrize("typed", ["Mirzoyan", "Мирзоян", "Միրզոյան", "MIRZOYAN"])
def test_a_person_is_found_in_every_script(
    engine: SearchEngine, ask: Asker, typed: str
) -> None:
    engine.add(
        [
            document("en", "Gagik Mirzoyan"),
            document("ru", "Гагик Мирзоян", lang="ru"),
            document("hy", "Գագիկ Միրզոյան", lang="hy"),
        ]
    )
    assert set(ask.ids(typed)) == {"en", "ru", "hy"}


@pytest.mark.parametrize(
    ("latin", "typed"),
    [
        ("Gagik Mirzoyan", "میرزویان"),
        ("Gagik Mirzoyan", "მირზოიანი"),
        ("the house of Nazaryan", "نازاريان"),
        ("a road to Varazatumb", "ვარაზათუმბ"),
        ("Chalabyan and sons", "تشالابيان"),
        ("Hadrutyan wrote", "هادروتيان"),
    ],
)
def test_a_name_no_list_has_is_found_by_its_sound_in_prepared_scripts(
    engine: SearchEngine, ask: Asker, latin: str, typed: str
) -> None:
    engine.add([document("it", latin), document("no", "another road, another house")])
    assert ask.ids(typed) == ["it"]
    engine.add([document("own", typed, lang="ka" if typed[0] > "ა" else "fa")])
    assert ask.ids(typed)[0] == "own"
    name = next(word for word in latin.split()[::-1] if word.istitle())
    assert ask.ids(name) == ["it", "own"]


def test_ordinary_words_do_not_meet_by_sound_in_their_own_script(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("letter", "a letter arrived"), document("later", "later on")])
    assert ask.ids("later") == ["later"]
    assert ask.ids("letter") == ["letter"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("ИРЕВАНСКИЙ ЁЖ", "еж"),
        ("Երևան", "Երեւան"),
        ("ԵՐԵՎԱՆ", "երևան"),
        ("Qırğın İstanbul", "ISTANBUL"),
        ("ağdam", "Agdam"),
        ("Agdam", "Ağdam"),
        ("soft\u00adhyphen", "softhyphen"),
        ("за\u0301мок", "замок"),
        ("ﬁle", "file"),
        ("Ի՞նչ է սա", "ինչ"),
        ("٢٠٢٠ سنة", "2020"),
        ("Article 115.2 of the Code", "115.2"),
        ("https://t.me/some_channel/1234", "https://t.me/some_channel/1234"),
        ("https://t.me/some_channel/1234", "some_channel"),
        ("see @Some_Channel", "@some_channel"),
        ("see #Artsakh2020", "artsakh2020"),
        ("Nagorno-Karabakh", "nagorno karabakh"),
        ("NagornoKarabakh", "nagorno-karabakh"),
        ("prisoner's letter", "prisoner"),
        ("prisoner’s letter", "prisoner's"),
    ],
)
def test_spellings_of_one_word_meet(
    engine: SearchEngine, ask: Asker, text: str, typed: str
) -> None:
    engine.add([document("it", text), document("no", "unrelated")])
    assert ask.ids(typed) == ["it"]


def test_an_article_number_is_not_found_by_its_first_half(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("it", "Article 115.2")])
    assert ask.ids("115") == []


def test_stop_words_do_not_narrow_but_stand_in_quotations(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("it", "church burned"), document("of", "church of stone")])
    assert set(ask.ids("the church")) == {"it", "of"}
    assert ask.ids('"church of stone"') == ["of"]


@pytest.mark.parametrize(
    "word", ["İSTANBUL", "Խանքենդի", "ﬁ", "Straße", "e\u0301", "Ё"]
)
def test_folding_twice_is_folding_once(word: str) -> None:
    assert fold(fold(word)) == fold(word)
    assert bare(bare(fold(word))) == bare(fold(word))


@pytest.mark.parametrize(
    "spellings",
    [
        ("Mirzoyan", "Мирзоян", "Միրզոյան"),
        ("Hadrut", "Հադրութ", "Хадрут"),
        ("Jabrayil", "Cəbrayıl", "Ջաբրայիլ"),
        ("Aghdam", "Ağdam", "Աղդամ", "Агдам"),
        ("Khojavend", "Xocavənd", "Ходжавенд"),
        ("Sargsyan", "Սարգսյան", "Саргсян"),
    ],
)
def test_keys_of_one_name_meet(spellings: tuple[str, ...]) -> None:
    shared = set.intersection(*(set(keys(fold(word))) for word in spellings))
    assert shared


@pytest.mark.parametrize("word", ["later", "Шуша", "on", "115.2", "", "。"])
def test_short_words_and_numbers_have_no_key_but_words_do(word: str) -> None:
    assert bool(keys(fold(word))) == (word == "later")


@pytest.mark.parametrize(
    ("inflected", "plain"),
    [
        ("kitablarımızdan", "kitab"),
        ("şəhərində", "şəhər"),
        ("laçında", "laçın"),
        ("qarabağda", "qarabağ"),
        ("uşağı", "uşaq"),
        ("çörəyi", "çörək"),
        ("Xankəndidən", "Xankəndi"),
    ],
)
def test_azerbaijani_endings_come_off(inflected: str, plain: str) -> None:
    assert azerbaijani.stem(fold(inflected)) == azerbaijani.stem(fold(plain))


def test_a_compound_gives_its_whole_and_its_parts_in_place() -> None:
    found = [(t.text, t.position, t.whole) for t in tokens("in Nagorno-Karabakh today")]
    assert found == [
        ("in", 0, False),
        ("NagornoKarabakh", 1, True),
        ("Nagorno", 1, False),
        ("Karabakh", 2, False),
        ("today", 3, False),
    ]


def test_the_packaged_gazetteer_names_places_in_four_languages() -> None:
    packaged = Gazetteer.load()
    assert len(packaged.entries) >= 40
    for entry in packaged.entries.values():
        assert set(entry.names) >= {"en", "hy", "az", "ru"}, entry.id
    assert Gazetteer(parse(packaged.as_json())).entries == packaged.entries


def test_an_added_name_is_found_without_a_new_index(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("it", "Ahmad's house"), document("no", "a house")])
    assert ask.ids("Bardakan") == []
    entry = Entry("x", "place", {"en": ("Bardakan", "Ahmad")})
    engine.use_gazetteer(Gazetteer.load().extended([entry]))
    assert ask.ids("Bardakan") == ["it"]


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [1],
        [{"id": "", "forms": {"en": ["A"]}}],
        [{"id": "a", "forms": {}}],
        [{"id": "a", "kind": "river", "forms": {"en": ["A"]}}],
        [{"id": "a", "forms": {"en": "A"}}],
        [{"id": "a", "forms": {"en": ["!!!"]}}],
        [{"id": "a", "forms": {"en": ["x" * 500]}}],
        [{"id": "a", "forms": {"en": ["one two three four five six seven"]}}],
    ],
)
def test_a_gazetteer_out_of_form_is_refused(rows: object) -> None:
    with pytest.raises(GazetteerError):
        parse(rows)
