"""The ledger through the API: lines, checkpoints and proofs, for administrators."""

from __future__ import annotations

from flask.testing import FlaskClient

from archive.ledger import merkle
from archive.site import Site
from archive.witness import attestation
from tests.web.conftest import Desk, TokenOf

API = "/api/v1/ledger"


def test_lines_are_paged_and_filtered(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    record = desk.publish(desk.deposit()).record.id
    headers = token("administrator")
    first = visitor.get(f"{API}?per_page=2", headers=headers).get_json()
    older = visitor.get(f"{API}?per_page=2&before={first['next']}", headers=headers)
    seqs = [line["seq"] for line in first["lines"] + older.get_json()["lines"]]
    assert seqs == list(range(seqs[0], seqs[0] - 4, -1))
    about = visitor.get(f"{API}?record={record}&event=publication", headers=headers)
    assert [line["record"] for line in about.get_json()["lines"]] == [record]
    for wrong in ("per_page=0", "before=x", "before=-1", f"before={'9' * 16}"):
        answer = visitor.get(f"{API}?{wrong}", headers=headers)
        assert (answer.status_code, answer.mimetype) == (
            400,
            "application/problem+json",
        )


def test_a_checkpoint_and_its_proofs_hold(
    visitor: FlaskClient, token: TokenOf, site: Site, desk: Desk
) -> None:
    headers = token("administrator")
    none = visitor.get(f"{API}/checkpoint", headers=headers)
    assert (none.status_code, none.get_json()["title"]) == (
        404,
        "There is nothing here",
    )
    earlier = attestation.sign(site, actor="operator", now=site.clock())
    desk.publish(desk.deposit())
    attestation.sign(site, actor="operator", now=site.clock())
    newest = visitor.get(f"{API}/checkpoint", headers=headers).get_json()
    size, top = newest["size"], bytes.fromhex(newest["root"])
    assert size > earlier["size"]

    proof = visitor.get(f"{API}/lines/3/proof", headers=headers).get_json()
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert merkle.includes(bytes.fromhex(proof["digest"]), 2, size, top, path)

    query = f"from={earlier['size']}"
    shown = visitor.get(f"{API}/consistency?{query}", headers=headers).get_json()
    steps = [bytes.fromhex(step) for step in shown["path"]]
    old = bytes.fromhex(earlier["root"])
    assert merkle.is_consistent(earlier["size"], old, size, top, steps)

    for wrong, status in (
        ("lines/0/proof", 400),
        ("lines/x/proof", 400),
        ("lines/999999/proof", 404),
        ("lines/3/proof?size=2", 404),
        ("consistency", 400),
        ("consistency?from=2", 404),
    ):
        assert visitor.get(f"{API}/{wrong}", headers=headers).status_code == status


def test_only_administrators_read_it(visitor: FlaskClient, token: TokenOf) -> None:
    for path in ("", "/checkpoint", "/lines/1/proof", "/consistency?from=1"):
        assert visitor.get(API + path).status_code == 401
        for who in ("researcher", "moderator"):
            answer = visitor.get(API + path, headers=token(who))
            assert answer.status_code == 403
