"""Sealed columns and blind indexes."""

import hashlib
import hmac

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.vault import aead
from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.fields import FieldSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose
from auth.sealing import Sealing

PLACE = "accounts/email/7kq"


@pytest.fixture
def sealing(keyring) -> Sealing:
    return FieldSealing(keyring)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=st.binary(max_size=40_000), place=st.text(st.characters(codec="utf-8")))
def test_a_field_opens_in_its_place(sealing, value, place):
    assert sealing.open(sealing.seal(value, place), place) == value


def test_a_field_is_77_bytes_longer_and_never_the_same_twice(sealing):
    one, two = sealing.seal(b"value", PLACE), sealing.seal(b"value", PLACE)
    assert len(one) == len(two) == 5 + 77
    assert one[5:] != two[5:]
    assert b"value" not in one


def test_a_field_moved_to_another_place_does_not_open(sealing):
    with pytest.raises(IntegrityError):
        sealing.open(sealing.seal(b"value", PLACE), PLACE + "x")


def test_no_bit_of_a_field_can_change_and_no_byte_be_cut(sealing):
    sealed = sealing.seal(b"value", PLACE)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((IntegrityError, KeyUnavailable, UnsupportedFormat)):
            sealing.open(bytes(changed), PLACE)
    for length in range(len(sealed)):
        with pytest.raises(IntegrityError):
            sealing.open(sealed[:length], PLACE)


@pytest.mark.parametrize("clear", [b"", b"someone@example.org", b"\x01" + b"x" * 200])
def test_clear_text_in_a_sealed_column_is_never_given_out(sealing, clear):
    with pytest.raises((IntegrityError, KeyUnavailable, UnsupportedFormat)):
        sealing.open(clear, PLACE)


def test_a_field_sealed_under_an_older_key_still_opens(sealing, keyring):
    sealed = sealing.seal(b"value", PLACE)
    old = keyring.active(Purpose.FIELDS)
    name = type(old.name)(
        Purpose.FIELDS,
        2,
        keyring.active(Purpose.DB).id,
        old.name.state,
        old.name.created_at,
    )
    rotated = FieldSealing(Keyring([old, type(old)(name, bytes(32))]))
    assert rotated.open(sealed, PLACE) == b"value"
    assert rotated.seal(b"value", PLACE)[:5] == bytes([1, 0, 0, 0, 2])
    # The version is part of the context: no other key's version can be claimed.
    relabelled = sealed[:4] + b"\x02" + sealed[5:]
    with pytest.raises(IntegrityError):
        rotated.open(relabelled, PLACE)


def test_equal_values_have_equal_indexes_within_one_purpose_only(sealing):
    index = sealing.blind("a@example.org", "email")
    assert len(index) == 32
    assert index == sealing.blind("a@example.org", "email")
    others = [
        sealing.blind("A@example.org", "email"),
        sealing.blind("a@example.org", "phone"),
        sealing.blind("la@example.org", "emai"),
        sealing.blind("", "email"),
        hashlib.sha256(b"a@example.org").digest(),
    ]
    assert index not in others


def test_the_index_is_the_documented_mac(sealing, keyring):
    key = keyring.active(Purpose.BLIND).secret_bytes()
    message = b"vigil.blind/v1\0\0\x05emailvalue"
    assert sealing.blind("value", "email") == hmac.digest(key, message, "sha256")


def test_a_value_with_lone_surrogates_has_an_index_too(sealing):
    assert sealing.blind("\udcff", "email") != sealing.blind("\udcfe", "email")


def test_a_field_is_the_documented_message(sealing, keyring):
    sealed = sealing.seal(b"value", PLACE)
    key = keyring.active(Purpose.FIELDS)
    context = b"vigil.field/v1\0\0\0\0\x01" + PLACE.encode()
    assert aead.open_sealed(key, sealed[5:], context) == b"value"
