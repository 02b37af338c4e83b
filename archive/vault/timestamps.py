"""Time-stamps of an outside authority (RFC 3161): what to ask for, what to believe.

An answer is believed where it names exactly what was asked about and is signed by a
certificate for time-stamping that leads to one of the roots the archive was given.
Only SHA-256 of the message leaves the machine.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)


class StampRefused(Exception):
    """An answer that proves nothing; the sentence says why."""


def question(message: bytes) -> TimeStampRequest:
    """What to ask an authority about this message, with a nonce of its own."""
    builder = TimestampRequestBuilder().data(message)
    asked = builder.hash_algorithm(HashAlgorithm.SHA256)
    return asked.nonce(nonce=True).cert_request(cert_request=True).build()


def proved(
    answer: bytes,
    message: bytes,
    roots_pem: bytes,
    asked: TimeStampRequest | None = None,
) -> datetime:
    """When the authority saw the message, in UTC. `asked` binds the answer's nonce.

    :raises StampRefused: the answer does not prove it
    """
    try:
        stamp = decode_timestamp_response(answer)
        builder = VerifierBuilder() if asked is None else _answering(asked)
        for root in x509.load_pem_x509_certificates(roots_pem):
            builder = builder.add_root_certificate(root)
        builder.build().verify(stamp, hashlib.sha256(message).digest())
    except VerificationError as error:
        raise StampRefused(f"The time-stamp does not hold: {error}.") from error
    except ValueError as error:
        raise StampRefused("The authority's answer is no time-stamp.") from error
    return stamp.tst_info.gen_time


def _answering(asked: TimeStampRequest) -> VerifierBuilder:
    return VerifierBuilder.from_request(asked)
