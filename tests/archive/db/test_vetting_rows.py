"""Applications from before addresses were confirmed go on where they stood."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

import auth.vetting.tables  # noqa: F401 - so that its tables are known
from archive.db import Database, migrating


def test_an_application_from_before_counts_as_confirmed_at_its_first_stage(
    tmp_path: Path,
) -> None:
    """V4: rows of the form before are kept, and can be reviewed."""
    db = Database(f"sqlite:///{tmp_path / 'vigil.db'}", bytes(32))
    with db.engine.execution_options(vigil_writes=True).begin() as connection:
        migrating.upgrade(connection, "0013")
    at = "2026-01-01 00:00:00"
    with db.write() as s:
        s.execute(
            text(
                "INSERT INTO accounts (id, email_sealed, email_index, name_sealed, "
                "role, status, preferences, created_at, updated_at) VALUES "
                f"('a', '', 'x', '', 'applicant', 'applied', '{{}}', '{at}', '{at}')"
            )
        )
        s.execute(
            text(
                "INSERT INTO applications (id, account_id, state, facts_sealed, "
                f"submitted_at) VALUES ('p', 'a', 'submitted', '', '{at}')"
            )
        )
        s.execute(
            text(
                "INSERT INTO decisions (id, application_id, outcome, reason, by, at) "
                f"VALUES ('d', 'p', 'return', 'why', 'b', '{at}')"
            )
        )
    db.migrate()
    with db.read() as s:
        kept = s.execute(text("SELECT stage, confirmed_at, held_by FROM applications"))
        ((stage, confirmed_at, held_by),) = kept.all()
        assert (stage, str(confirmed_at)[:10], held_by) == (
            "identity",
            "2026-01-01",
            None,
        )
        assert s.scalar(text("SELECT stage FROM decisions")) == "final"
    db.close()
