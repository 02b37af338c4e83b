"""What is taken as a password, what is not, and how it is kept."""

import pytest

from auth.credentials import passwords
from auth.credentials.passwords import Hasher, check, context_words
from auth.errors import PasswordRefused

NOBODY = frozenset()
PLAIN = "the lamp was left burning all night in the upper window of the mill "


@pytest.mark.parametrize(
    ("length", "code"),
    [
        (14, "password_short"),
        (15, None),
        (128, None),
        (256, None),
        (257, "password_long"),
    ],
)
def test_length_alone_decides_between_short_and_long(length, code):
    """Requirement 1: 14 characters are refused, 15 and 128 accepted."""
    candidate = (PLAIN * 4)[:length]
    assert _refusal(candidate) == code


def test_the_last_of_128_characters_counts(hasher):
    """Requirement 1: every byte counts."""
    long = (PLAIN * 2)[:128]
    stored = hasher.hash(long)
    assert hasher.verify(stored, long)
    assert not hasher.verify(stored, long[:-1] + "#")
    assert not hasher.verify(stored, long[:-1])


@pytest.mark.parametrize(
    "candidate",
    [
        "alllowercaseletters",
        "spaces are quite welcome",
        "🎈🎉🎊🎁🎀🎄🎃🎆🎇🧨✨🎋🎍🎎🎏",
        "ութ քամի և մեկ պատուհան",
        "on üç dəniz və bir yol",
    ],
)
def test_no_kind_of_character_is_asked_for_or_refused(candidate):
    """Requirement 2."""
    assert _refusal(candidate) is None


def test_nothing_is_trimmed_and_case_is_kept(hasher):
    """Requirement 2."""
    stored = hasher.hash(" Windy Roof With Kettles ")
    assert hasher.verify(stored, " Windy Roof With Kettles ")
    assert not hasher.verify(stored, "Windy Roof With Kettles")
    assert not hasher.verify(stored, " windy roof with kettles ")


def test_two_spellings_of_the_same_letters_are_one_password(hasher):
    stored = hasher.hash("\u015fu\u015fa in the evening light")
    assert hasher.verify(stored, "s\u0327us\u0327a in the evening light")


def test_the_list_is_long_and_every_long_entry_is_refused():
    """Requirement 3: at least 3000 entries, no network."""
    entries = passwords.common()
    long_enough = [e for e in entries if len(e) >= passwords.SHORTEST]
    assert len(entries) >= 3000
    assert len(long_enough) >= 1500
    assert {_refusal(entry) for entry in long_enough} == {"password_common"}
    assert {_refusal(entry.upper()) for entry in long_enough} == {"password_common"}


@pytest.mark.parametrize(
    ("common", "uncommon"),
    [
        ("passwordpassword", "passwordlavender-mill"),
        ("P@ssw0rd!P@ssw0rd!", "P@ssw0rd!lavender-mill"),
        ("dragonmonkey2024", "dragon-ladder-monkey-24"),
        ("qwerty-qwerty-qwerty", "qwerty-kettle-qwerty"),
        ("parolparol123456", "parolkettle123456"),
        ("пароль2024пароль", "пароль2024чайник"),
        ("abcabcabcabcabcabc", "abcabcabcabcabcabc kettle"),
        ("827319273712991", "827319273712991 kettle"),
        ("a" * 200, "a kettle" + "a" * 100),
    ],
)
def test_what_is_put_together_from_common_words_is_common(common, uncommon):
    assert _refusal(common) == "password_common"
    assert _refusal(uncommon) is None


@pytest.mark.parametrize(
    "inside",
    ["vigil", "VIGIL", "narine", "Petrosyan", "n.petrosyan", "Matenadaran"],
)
def test_words_about_the_owner_may_not_stand_inside(inside):
    """Requirement 4: project, user name, institution, e-mail local part."""
    context = context_words(
        "n.petrosyan@example.org", "Narine Petrosyan", "Matenadaran of Yerevan"
    )
    assert _refusal(f"windy {inside} roofs", context) == "password_context"
    assert _refusal("windy unrelated roofs", context) is None


@pytest.mark.parametrize(
    ("candidate", "code"),
    [
        ("organic mandarins here", None),
        ("my ani likes windy roofs", "password_context"),
        ("windy-roofs-for-ani2026", "password_context"),
    ],
)
def test_a_name_of_three_letters_counts_where_it_stands_alone(candidate, code):
    assert _refusal(candidate, context_words("x@example.org", "Ani Li")) == code


def test_the_small_words_of_an_institution_are_allowed():
    context = context_words("x@example.org", "Li", "The House of All Books")
    assert _refusal("all the roofs of town", context) is None
    assert _refusal("my thehouseofallbooks key", context) == "password_context"


def test_the_standard_cost_is_above_the_minimum():
    """Requirement 7: argon2id, at least 19 MiB, two passes, one lane."""
    stored = passwords.STANDARD.hash("nine kettles on a roof")
    assert stored.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert passwords.STANDARD.verify(stored, "nine kettles on a roof")


def test_a_hash_of_another_cost_is_known_as_weaker(hasher):
    assert not hasher.is_weaker(hasher.hash("anything"))
    assert Hasher(memory_kib=16, passes=1).is_weaker(hasher.hash("anything"))


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8"])
def test_without_a_readable_hash_nothing_verifies(hasher, stored):
    assert not hasher.verify(stored, "")
    assert not hasher.verify(stored, "anything")


def test_what_is_no_text_is_hashed_like_any_other(hasher):
    stored = hasher.hash("lone surrogate \udc80 here")
    assert hasher.verify(stored, "lone surrogate \udc80 here")
    assert not hasher.verify(stored, "lone surrogate ? here")


def test_a_drawn_password_passes_the_rules_and_never_repeats():
    drawn = {passwords.generate() for _ in range(50)}
    assert len(drawn) == 50
    assert {_refusal(candidate) for candidate in drawn} == {None}


def _refusal(candidate, context=NOBODY):
    try:
        check(candidate, context)
    except PasswordRefused as refused:
        return refused.code
    return None
