"""Small sealed values."""

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from hypothesis import given
from hypothesis import strategies as st

from archive.vault import aead
from archive.vault.errors import IntegrityError

KEY = bytes(range(32))


@given(plaintext=st.binary(max_size=40_000), context=st.binary(max_size=300))
def test_a_value_opens_as_it_was_sealed(plaintext, context):
    assert (
        aead.open_sealed(KEY, aead.seal(KEY, plaintext, context), context) == plaintext
    )


def test_a_wrapped_key_has_104_bytes_and_is_the_librarys_message():
    sealed = aead.seal(KEY, bytes(32), b"context")
    assert len(sealed) == 32 + aead.OVERHEAD == 104
    cipher = Cobblestone256Decryptor(KEY, b"context")
    assert cipher.update(sealed) + cipher.finalize() == bytes(32)


@pytest.mark.parametrize("context", [b"", b"contex", b"context\0", b"Context"])
def test_another_context_opens_nothing(context):
    sealed = aead.seal(KEY, b"value", b"context")
    with pytest.raises(IntegrityError):
        aead.open_sealed(KEY, sealed, context)


def test_another_key_opens_nothing():
    with pytest.raises(IntegrityError):
        aead.open_sealed(bytes(32), aead.seal(KEY, b"value", b""), b"")


def test_no_bit_can_change_and_nothing_can_be_cut_or_added():
    sealed = aead.seal(KEY, b"value", b"context")
    changed = [bytearray(sealed) for _ in range(len(sealed) * 8)]
    for bit, copy in enumerate(changed):
        copy[bit // 8] ^= 1 << bit % 8
    forged = [bytes(copy) for copy in changed]
    forged += [sealed[:length] for length in range(len(sealed))]
    forged += [sealed + b"\0", b"\0" + sealed, sealed + sealed]
    for value in forged:
        with pytest.raises(IntegrityError):
            aead.open_sealed(KEY, value, b"context")
