"""The ledger's lines and the background work are called something in each language."""

from __future__ import annotations

import pytest

from auth import accounts, lifecycle
from auth.viewer import Role


@pytest.mark.parametrize(
    ("language", "line", "job"),
    [
        ("en", "publication", "make a preview"),
        ("hy", "հրապարակում", "պատրաստել նախադիտում"),
        ("az", "dərc", "önbaxış hazırla"),
        ("ru", "публикация", "сделать превью"),
    ],
)
def test_ledger_and_jobs_are_told_in_the_readers_language(
    browser, desk, language, line, job
):
    desk.publish(desk.deposit())
    admin = browser("administrator")
    admin.set_cookie("vigil-locale", language)
    assert f"<td>{line}</td>" in admin.get("/admin/ledger").text
    assert f'<option value="publication">{line}</option>' in admin.get(
        "/admin/ledger"
    ).text.replace(" selected", "")
    assert f"<td>{line}</td>" in admin.get("/admin/").text
    assert f"<td>{job}</td>" in admin.get("/admin/jobs").text


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Role: moderator → researcher"), ("ru", "Роль: модератор → исследователь")],
)
def test_what_changed_with_an_account_is_told_in_the_readers_language(
    browser, site, people, language, told
):
    with site.db.write() as s:
        account = accounts.get(s, people["moderator"])
        now = site.clock()
        lifecycle.set_role(s, account, Role.RESEARCHER, "operator", "Moved.", now)
    admin = browser("administrator")
    admin.set_cookie("vigil-locale", language)
    page = admin.get(f"/admin/accounts/{people['moderator']}").text
    assert told in page
    assert "status: " not in page
