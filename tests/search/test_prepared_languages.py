"""Every language that is prepared, and whatever a catalogue writes that is no word."""

import pytest

from search.analysis.gazetteer import Gazetteer
from search.engine import SearchEngine
from tests.search.conftest import Asker, as_places
from tests.search.conftest import make_document as document

DECOYS = {
    "en": "an orchard in the snow by the river",
    "ru": "яблоневый сад под снегом у реки",
    "hy": "խնձորի այգին ձյան տակ գետի մոտ",
    "az": "çayın yanında qar altında alma bağı",
    "ar": "بستان تحت الثلج قرب النهر",
    "ka": "ბაღი თოვლში მდინარესთან",
}


@pytest.fixture
def shelved(engine: SearchEngine, ask: Asker) -> Asker:
    engine.add([document(lang, text, lang=lang) for lang, text in DECOYS.items()])
    return ask


@pytest.mark.parametrize(
    ("lang", "text", "typed"),
    [
        ("en", "The prisoners were executed", "prisoner"),
        ("hy", "գերիներին գնդակահարեցին", "գերիներ"),
        ("az", "məscidlərimizin dağıntıları", "məscid"),
        ("az", "мәсҹидләрин дағынтысы", "məscid"),
        ("ru", "пленные были расстреляны", "пленных"),
        ("uk", "обстріл лікарень у містах", "місто"),
        ("uk", "в'язниця під Києвом", "в’язниця"),
        ("tr", "kışlanın önündeki askerler", "asker"),
        ("tr", "IŞIK VE GÖLGE", "ışık"),
        ("ka", "საომარი დანაშაული თბილისში", "დანაშაული"),
        ("ar", "شاهدتُ الأسرى في المدينة", "اسرى"),
        ("ar", "المستشفى القديم", "مستشفي"),
        ("ar", "وثيقة رقم ١١٥", "115"),
        ("fa", "گزارش کتاب‌های سوخته", "کتابهای"),
        ("fa", "شکنجهٔ زندانیان", "زندانيان"),
        ("fr", "Les prisonniers étaient blessés", "prisonnier"),
        ("fr", "Église incendiée à l’aube", "eglise"),
        ("de", "Die Straßen der Städte", "strassen"),
        ("de", "Gefangene Kämpfer", "kampfer"),
    ],
)
def test_a_word_of_a_prepared_language_is_found(
    shelved: Asker, engine: SearchEngine, lang: str, text: str, typed: str
) -> None:
    engine.add([document("it", text, lang=lang)])
    assert shelved.ids(typed) == ["it"]
    assert "<mark>" in shelved.results(typed).hits[0].snippet_html
    assert shelved.ids(f"lang:{lang} {typed}") == ["it"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Articles 115.2 and 245 of the Code", "115.2"),
        ("Articles 115.2 and 245 of the Code", "245"),
        ("Статья 115.2 УК", '"статья 115.2"'),
        ("at 05:30 on the road", "05:30"),
        ("1,500 households", "1,500"),
        ("seen on 2020-11-21", "2020-11-21"),
        ("seen on 21.11.2020", "21.11.2020"),
        ("a T-72B3 tank", "T-72B3"),
        ("the 5th battalion", "5th"),
        ("#Շուշի and #Şuşa2020", "#շուշի"),
        ("#Շուշի and #Şuşa2020", "şuşa2020"),
        ("posted by @Kolorit_18", "@kolorit_18"),
        ("posted by @Kolorit_18", "kolorit_18"),
        ("https://t.me/kolorit_18/512?single", "https://t.me/kolorit_18/512?single"),
        ("https://t.me/kolorit_18/512?single", "512"),
        ("www.example.org/a_b", "www.example.org/a_b"),
        ("Ter-Petrosyan spoke", "Ter-Petrosyan"),
        ("Ter-Petrosyan spoke", "terpetrosyan"),
        ("Ter-Petrosyan spoke", "petrosyan"),
        ("Тер-Петросян выступил", "тер-петросян"),
        ("Տեր-Պետրոսյանը խոսեց", "Տեր-Պետրոսյան"),
        ("ﬁre in the oﬃce", "office"),
        ("ՀԱՅԿԱԿԱՆ ԲԱՆԱԿԸ ԵՎ ԵԿԵՂԵՑԻՆ", "եկեղեցին"),
        ("Եվա", "եւա"),
        ("Qubadlı", "QUBADLI"),
        ("Qubadlı", "qubadli"),
        ("İdris", "idris"),
        ("İdris", "IDRIS"),
        ("9f86d081884c7d659a2feaa0c55ad015", "9F86D081884C7D659A2FEAA0C55AD015"),
    ],
)
def test_what_a_catalogue_writes_is_found_as_it_is_typed(
    shelved: Asker, engine: SearchEngine, text: str, typed: str
) -> None:
    engine.add([document("it", text, lang="")])
    assert shelved.ids(typed) == ["it"]


@pytest.mark.parametrize(
    "typed", ["115.3", "116", "@kolorit_19", "05:31", "#artsakh", "2020-11-22"]
)
def test_a_number_or_name_that_is_another_is_not_found(
    shelved: Asker, engine: SearchEngine, typed: str
) -> None:
    engine.add([document("it", "115.2 245 @kolorit_18 05:30 #Շուշի 2020-11-21")])
    assert shelved.ids(typed) == []


PERSONS = {
    "Mirzoyan": ("Միրզոյան", "Мирзоян", "Mirzoian"),
    "Sargsyan": ("Սարգսյան", "Саргсян"),
    "Aliyev": ("Əliyev", "Алиев", "Әлијев"),
    "Mammadov": ("Məmmədov", "Мамедов"),
    "Hovhannes": ("Հովհաննես", "Ованес", "Ohannes"),
    "Gevorg": ("Գևորգ", "Геворг", "Kevork"),
    "Hakob": ("Հակոբ", "Акоп", "Hagop"),
    "Huseyn": ("Hüseyn", "Гусейн"),
    "Jafar": ("Cəfər", "Джафар"),
    "Zhirayr": ("Ժիրայր", "Жирайр", "Jirair"),
}


@pytest.mark.parametrize("latin", PERSONS)
def test_a_person_is_found_by_each_variant_and_exactly_first(
    shelved: Asker, engine: SearchEngine, latin: str
) -> None:
    variants = [latin, *PERSONS[latin]]
    engine.add([document(f"v{n}", name) for n, name in enumerate(variants)])
    for number, name in enumerate(variants):
        found = shelved.ids(name)
        assert found[0] == f"v{number}", name
        assert set(found) == {f"v{n}" for n in range(len(variants))}, name


@pytest.mark.parametrize(
    ("exact", "others"),
    [
        ("Shushi", ("Shusha", "Շուշի", "Şuşa", "Шуша", "Шуши")),
        ("Հադրութ", ("Hadrut", "Гадрут")),
        ("Xankəndi", ("Stepanakert", "Khankendi", "Ханкенди", "Ստեփանակերտ")),
        ("Мартуни", ("Martuni", "Xocavənd", "Մարտունի")),
    ],
)
def test_a_place_as_typed_stands_above_its_other_names(
    shelved: Asker, engine: SearchEngine, exact: str, others: tuple[str, ...]
) -> None:
    # The others say it more often, in the title, and in a shorter text.
    engine.add(
        [
            document(f"o{n}", f"{name} {name}", title=name)
            for n, name in enumerate(others)
        ]
    )
    engine.add([document("exact", f"{'word ' * 60}{exact}")])
    engine.add([document("placed", places=as_places(others[0]))])
    found = shelved.ids(exact)
    assert found[0] == "exact"
    assert set(found) == {"exact", "placed", *(f"o{n}" for n in range(len(others)))}


@pytest.mark.parametrize(
    ("lang", "text", "typed", "meant"),
    [
        ("en", "the ambulance burned", "ambulnace", "ambulance"),
        ("ru", "колонна беженцев", "беженцэв", "беженцев"),
        ("hy", "հրետակոծություն", "հրետակոծւթյուն", "հրետակոծություն"),
        ("az", "bombardmandan sonra", "bombardmandam", "bombardmandan"),
        ("az", "dağıdılmış məscid", "məscod", "məscid"),
    ],
)
def test_a_slip_is_mended_in_its_own_script(
    shelved: Asker, engine: SearchEngine, lang: str, text: str, typed: str, meant: str
) -> None:
    engine.add([document("it", text, lang=lang)])
    assert shelved.results(typed).suggestion == meant


def test_no_two_packaged_entries_share_a_name() -> None:
    packaged = Gazetteer.load()
    assert packaged.ambiguous() == []
    kinds = [entry.kind for entry in packaged.entries.values()]
    assert kinds.count("person") >= 40
