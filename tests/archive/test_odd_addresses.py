"""What no database can hold names nothing, on either of them."""

from __future__ import annotations

import pytest

from archive.app import create_app


@pytest.mark.parametrize(
    "address",
    [
        "/records/%00",
        "/records/a%00b/cite",
        "/media/%00/preview",
        "/collections/a%00b",
        "/api/v1/records/%00",
        "/iiif/%00/manifest",
    ],
)
def test_an_address_with_a_nul_leads_nowhere(any_site, address: str) -> None:
    answer = create_app(any_site).test_client().get(address)
    assert answer.status_code == 404
