"""The commands of docs/commands.md as a script meets them: JSON, exit status, words.

0 done, 1 it failed or did not hold, 2 wrong usage; an error is one sentence on standard
error, and a refused deposit leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from archive import config
from archive.cli import main
from archive.site import open_site
from tests.journeys import media
from tests.journeys.client import Client
from tests.journeys.holdings import EVIDENCE, Holdings
from tests.journeys.home import LONGEST_SECONDS, Home, make_home, program
from tests.journeys.server import Server, serving

COMMANDS = (
    "init",
    "demo",
    "serve",
    "worker",
    "doctor",
    "account",
    "token",
    "deposit",
    "search",
    "label",
    "verify",
    "jobs",
)


@pytest.fixture(scope="module")
def kept(seed: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy that these tests add to, and do not break."""
    return seed.copy(tmp_path_factory.mktemp("shell") / "root")


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photograph.jpg"
    path.write_bytes(media.picture().content)
    return path


def is_one_sentence(err: str) -> bool:
    """One line for a person, and nothing of how the program is made."""
    said = err.strip()
    return len(said) > 15 and "\n" not in said and (said[-1] == "." or ": " in said)


@pytest.mark.parametrize("words", [["--version"], ["doctor", "--json"], ["no-such"]])
def test_the_installed_program_says_what_its_forks_in_these_tests_say(
    kept: Home, words: list[str]
) -> None:
    environ = kept.environ()
    done = subprocess.run(
        [*program(), *words], env=environ, cwd=kept.root, capture_output=True, text=True
    )
    ran = kept.run(*words)
    assert (ran.code, ran.out, ran.err) == (done.returncode, done.stdout, done.stderr)


# --- init, doctor, serve --------------------------------------------------------------


def test_init_says_where_the_home_is_how_to_set_it_up_and_which_keys_it_made(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    made = home.do("init")
    assert made["home"] == str(home.folder)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/setup/[\w-]{20,}", made["setup_url"])
    assert isinstance(made["keyring"], dict)
    assert home.key_file.read_bytes().strip()
    assert home.key_file.stat().st_mode & 0o077 == 0
    assert home.folder.stat().st_mode & 0o077 == 0


def test_init_makes_a_key_outside_the_home_where_no_setting_names_one(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path, {"VIGIL_KEY_FILE": ""})
    key_file = Path(home.do("init")["keyring"]["key_file"])
    assert key_file.stat().st_mode & 0o077 == 0
    assert not key_file.is_relative_to(home.folder)
    assert home.run("verify", "--all").code == 0


def test_init_refuses_to_touch_an_archive_that_is_there(kept: Home) -> None:
    before = {path: path.stat().st_mtime_ns for path in kept.folder.rglob("*")}
    ran = kept.run("init")
    assert ran.code == 1
    assert is_one_sentence(ran.err)
    assert {path: path.stat().st_mtime_ns for path in kept.folder.rglob("*")} == before


def test_the_database_says_nothing_to_whoever_has_only_the_file(kept: Home) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        sqlite3.connect(kept.folder / "vigil.db").execute("select * from sqlite_master")


def test_doctor_finds_a_set_up_in_order_and_says_how_to_mend_one_that_is_not(
    home_of_its_own: Home,
) -> None:
    found = home_of_its_own.do("doctor")
    assert found["ok"] is True
    home_of_its_own.folder.chmod(0o755)
    ran = home_of_its_own.run("doctor", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert any("chmod 700" in each["mend"] for each in ran.json["findings"])


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("verify", "--all")])
def test_a_key_file_that_others_can_read_stops_every_start(
    home_of_its_own: Home, command: tuple[str, ...]
) -> None:
    home_of_its_own.key_file.chmod(0o644)
    ran = home_of_its_own.run(*command)
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
    assert str(home_of_its_own.key_file) in ran.err
    assert "600" in ran.err or "400" in ran.err


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"VIGIL_BASE_URL": "http://archive.example.org"}, "https://"),
        ({"VIGIL_MAX_PIXELS": "many"}, "VIGIL_MAX_PIXELS"),
        ({"VIGIL_NO_SUCH_THING": "1"}, "VIGIL_NO_SUCH_THING"),
        (
            {
                "VIGIL_BASE_URL": "https://archive.example.org",
                "VIGIL_ALLOW_UNSANDBOXED": "1",
            },
            "VIGIL_ALLOW_UNSANDBOXED",
        ),
    ],
)
def test_an_unsafe_or_unknown_setting_stops_the_start_and_says_what_to_set(
    kept: Home, settings: dict[str, str], named: str
) -> None:
    ran = kept.with_settings(**settings).run("serve", "--port", "0")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
    assert named in ran.err


def test_serve_refuses_plain_http_to_other_machines(kept: Home) -> None:
    ran = kept.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
    assert "VIGIL_BASE_URL" in ran.err


def test_a_home_that_is_not_there_is_told_with_the_command_that_makes_one(
    tmp_path: Path,
) -> None:
    ran = Home(tmp_path).run("serve", "--port", "0")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
    assert "vigil init" in ran.err


def test_serve_answers_does_the_waiting_work_and_ends_on_sigterm(
    home_of_its_own: Home, photograph: Path
) -> None:
    made = home_of_its_own.do("deposit", photograph, "--title", "Waits for the worker")
    (asset,) = made["assets"]
    with serving(home_of_its_own, workers=2) as server:
        client = Client(server.port)
        assert client.get("/healthz").status == 200
        assert client.get("/readyz").json["status"] == "ready"
        assert client.get("/").status == 200
        _wait_for_ready(home_of_its_own, made["id"])
    assert asset["id"] not in server.said()
    assert "Traceback" not in server.said()


def _wait_for_ready(home: Home, record: str) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        jobs = [job for job in home.do("jobs", "list")["jobs"] if record in str(job)]
        if jobs and all(job["state"] == "done" for job in jobs):
            return
        time.sleep(0.2)
    raise AssertionError(f"the worker beside the server did not finish: {jobs}")


# --- every command --------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    named = main[command]
    inner = getattr(named, "commands", {"": named})
    for name in inner:
        args = [part for part in (command, name, "--help") if part]
        ran = CliRunner().invoke(main, args)
        assert ran.exit_code == 0
        assert "Example" in ran.output, args


@pytest.mark.parametrize(
    "args",
    [
        ("deposit",),
        ("deposit", "/nowhere/at/all.jpg", "--title", "T"),
        ("account", "add", "x@people.example"),
        ("account", "add", "x@people.example", "--role", "emperor"),
        ("label",),
        ("verify", "--nothing-known"),
        ("no-such-command",),
        ("serve", "--port", "many"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(args: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(main, args)
    assert ran.exit_code == 2
    assert "Usage: " in ran.stderr
    assert ran.stdout == ""


# --- account and token ----------------------------------------------------------------


def test_an_account_vetted_on_paper_is_approved_until_the_date(kept: Home) -> None:
    made = kept.do(
        *("account", "add", "new@people.example", "--role", "researcher"),
        *("--name", "N. N.", "--vetted-offline", EVIDENCE, "--until", "2099-06-30"),
    )
    assert made["email"] == "new@people.example"
    assert (made["role"], made["status"]) == ("researcher", "approved")
    assert made["vetted_until"].startswith("2099-06-30")
    assert len(made["password"]) >= 15


def test_without_evidence_a_researcher_is_an_applicant(kept: Home) -> None:
    made = kept.do("account", "add", "asks@people.example", "--role", "researcher")
    assert (made["role"], made["status"]) == ("applicant", "applied")
    assert made["vetted_until"] is None


def test_a_password_from_standard_input_is_not_printed(kept: Home) -> None:
    given = "violet anchors drift past noon"
    made = kept.do(
        *("account", "add", "typed@people.example", "--role", "moderator"),
        "--password-stdin",
        stdin=given + "\n",
    )
    assert "password" not in made


@pytest.mark.parametrize("password", ["short", "password12345678", "a" * 129])
def test_a_weak_password_is_refused_in_one_sentence(kept: Home, password: str) -> None:
    ran = kept.run(
        *("account", "add", "weak@people.example", "--role", "moderator"),
        *("--password-stdin", "--json"),
        stdin=password + "\n",
    )
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
    assert ran.json["error"]["code"]
    assert password not in ran.err


def test_an_account_goes_through_its_life_from_a_shell(kept: Home) -> None:
    email = "lives@people.example"
    kept.do("account", "add", email, "--role", "researcher")
    for args, role, status in (
        (("approve", email, "--until", "2099-01-01"), "researcher", "approved"),
        (("suspend", email, "--reason", "asked"), "researcher", "suspended"),
        (("reinstate", email), "researcher", "approved"),
        (("role", email, "moderator"), "moderator", "approved"),
        (("expire", email), "moderator", "expired"),
    ):
        ran = kept.run("account", *args)
        assert ran.code == 0, ran.err
        shown = kept.do("account", "show", email)
        assert (shown["role"], shown["status"]) == (role, status), args
    link = kept.do("account", "reset-password", email)["reset_url"]
    assert "/setup/" in link
    listed = kept.do("account", "list", "--status", "expired")["accounts"]
    assert [each["email"] for each in listed] == [email]


def test_an_application_is_rejected_from_a_shell(kept: Home) -> None:
    email = "declined@people.example"
    kept.do("account", "add", email, "--role", "applicant")
    ran = kept.run("account", "reject", email, "--reason", "the referee disagrees")
    assert ran.code == 0, ran.err
    assert kept.do("account", "show", email)["status"] == "rejected"


def test_nobody_of_that_address_is_told_in_one_sentence(kept: Home) -> None:
    for args in (("account", "show"), ("token", "add"), ("token", "list")):
        ran = kept.run(*args, "nobody@people.example")
        assert ran.code == 1
        assert is_one_sentence(ran.err), ran.err


def test_a_token_is_printed_once_listed_without_its_secret_and_revoked(
    kept: Home,
) -> None:
    email = "researcher@people.example"
    made = kept.do(
        *("token", "add", email, "--scope", "read", "--scope", "reveal"),
        *("--days", "7"),
    )
    assert sorted(made["scopes"]) == ["read", "reveal"]
    assert made["token"].startswith("vgl_")
    assert made["expires_at"] > "2026"
    listed = kept.run("token", "list", email, "--json")
    assert made["id"] in listed.out
    assert made["token"] not in listed.out
    assert kept.run("token", "revoke", made["id"]).code == 0
    after = {each["id"]: each for each in kept.do("token", "list", email)["tokens"]}
    assert after[made["id"]]["revoked"] is True
    assert kept.run("token", "revoke", "nosuchtoken").code == 1


def test_an_applicant_gets_no_token(kept: Home) -> None:
    ran = kept.run("token", "add", "applicant@people.example", "--scope", "read")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err


# --- deposit --------------------------------------------------------------------------


def test_a_deposit_of_many_files_says_all_that_a_script_needs(
    kept: Home, tmp_path: Path
) -> None:
    planted = [media.picture(), media.sound(), media.document()]
    for each in planted:
        (tmp_path / each.name).write_bytes(each.content)
    made = kept.do(
        *("deposit", *(tmp_path / each.name for each in planted)),
        *("--title", "Three files", "--description", "All of one day"),
        *("--date", "2020-10~", "--place", "Shushi", "--label", "kill.execution=G4"),
        *("--visibility", "public", "--access", "vetted", "--publish", "--wait"),
    )
    assert set(made) >= {"id", "url", "state", "tier", "assets"}
    assert made["url"].endswith(f"/records/{made['id']}")
    assert (made["state"], made["tier"]) == ("published", "G4")
    told = [(each["kind"], each["media_type"], each["size"]) for each in made["assets"]]
    assert told == [
        ("image", "image/jpeg", len(planted[0].content)),
        ("audio", "audio/wav", len(planted[1].content)),
        ("document", "application/pdf", len(planted[2].content)),
    ]
    assert {each["state"] for each in made["assets"]} == {"ready"}


def test_a_deposit_hashes_the_file_as_it_is(kept: Home, photograph: Path) -> None:
    made = kept.do("deposit", photograph, "--title", "Hashed")
    (asset,) = made["assets"]
    assert asset["sha256"] == hashlib.sha256(photograph.read_bytes()).hexdigest()
    assert asset["size"] == photograph.stat().st_size
    assert made["tier"] == "G5"  # what nobody has labelled counts as the worst


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"just some words, no media at all\n" * 40, "unsupported_kind"),
        (b"MZ\x90\0" + bytes(4000), "unsupported_kind"),
        (b"PK\x03\x04" + bytes(400), "unsupported_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_kind"),
        (media.picture().content[:200], "unreadable"),
        (media.video().content[:3000], "unreadable"),
        (b"%PDF-1.7\n" + b"x" * 4000, "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "unreadable"),
    ],
    ids=["empty", "words", "program", "zip", "svg", "jpeg", "mp4", "pdf", "png"],
)
def test_a_refused_file_gives_its_reason_and_leaves_nothing_behind(
    kept: Home, tmp_path: Path, photograph: Path, content: bytes, code: str
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    blobs = kept.blobs()
    ran = kept.run("deposit", photograph, broken, "--title", "Refused", "--json")
    assert ran.code == 1
    assert ran.json["error"]["code"] == code, ran.json
    assert ran.json["error"]["message"] in ran.err
    assert is_one_sentence(ran.err), ran.err
    assert kept.blobs() == blobs
    assert _left_in_temp(kept) == []


def test_a_refused_deposit_makes_no_record_and_no_key(
    kept: Home, tmp_path: Path, photograph: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    before = kept.do("verify", "--all")["checked"]
    assert kept.run("deposit", photograph, broken, "--title", "Refused").code == 1
    after = kept.do("verify", "--all")["checked"]
    assert {**before, "ledger": 0} == {**after, "ledger": 0}


def _left_in_temp(home: Home) -> list[str]:
    """Files under TMPDIR that outlive the commands."""
    return [str(path) for path in home.temp.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "options",
    [
        ("--label", "no.such-label"),
        ("--label", "kill.execution=G1"),
        ("--date", "the day after"),
        ("--collection", "no-such-shelf"),
        ("--publish",),
    ],
    ids=" ".join,
)
def test_a_description_that_cannot_be_taken_leaves_nothing_behind(
    kept: Home, photograph: Path, options: tuple[str, ...]
) -> None:
    blobs = kept.blobs()
    ran = kept.run("deposit", photograph, "--title", "T", *options, "--json")
    assert ran.code == 1
    assert set(ran.json["error"]) >= {"code", "message"}
    assert is_one_sentence(ran.err), ran.err
    assert kept.blobs() == blobs


def test_a_deposit_over_the_limit_is_refused(kept: Home, photograph: Path) -> None:
    small = kept.with_settings(VIGIL_MAX_UPLOAD_BYTES="10k")
    ran = small.run("deposit", photograph, "--title", "Large", "--json")
    assert ran.code == 1
    assert ran.json["error"]["code"] == "too_large"


# --- search and label -----------------------------------------------------------------


def test_search_answers_as_the_api_does_for_the_same_person(
    server: Server, holdings: Holdings
) -> None:
    home, word = server.home, holdings["grave"].words.title
    public = home.do("search", word)
    vetted = home.do("search", word, "--as", "researcher@people.example")
    assert public == Client(server.port).get(f"/api/v1/records?q={word}").json
    assert public["total"] == 0  # the title of a G4 record is for the vetted
    assert [each["id"] for each in vetted["items"]] == [holdings["grave"].id]
    assert set(vetted) >= {"total", "page", "per_page", "items", "facets"}


def test_search_tells_a_query_that_cannot_be_read(kept: Home) -> None:
    ran = kept.run("search", '"never closed', "--json")
    assert ran.code == 1
    assert "Traceback" not in ran.err


def test_a_label_from_a_shell_raises_the_tier(kept: Home, photograph: Path) -> None:
    made = kept.do("deposit", photograph, "--title", "To be labelled")
    told = kept.do("label", made["id"], "dead.body=G3")
    assert told["tier"] == "G3"
    told = kept.do("label", made["id"], "harm.torture=G4")
    assert told["tier"] == "G4"
    assert kept.run("label", made["id"], "no.such-label").code == 1
    assert kept.run("label", "nosuchrecord", "dead.body").code == 1
    ran = kept.run("label", made["id"], "dead.body=G9")
    assert ran.code == 2


def test_a_timed_label_keeps_its_range(kept: Home, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(media.video().content)
    made = kept.do("deposit", film, "--title", "Timed")
    ran = kept.run(
        *("label", made["id"], "harm.threat=G3", "--from", "0.5", "--to", "2"), "--json"
    )
    assert ran.code == 0, ran.err
    assert ran.json["labels"] == ["harm.threat"]


# --- verify and jobs ------------------------------------------------------------------


def test_verify_reads_everything_back(kept: Home) -> None:
    kept.do("ledger", "checkpoint")
    found = kept.do("verify", "--all")
    assert found["ok"] is True
    assert found["findings"] == []
    assert set(found["checked"]) >= {"fixity", "ledger", "previews"}
    assert all(count > 0 for count in found["checked"].values())


def test_verify_finds_one_flipped_bit_in_one_blob(home_of_its_own: Home) -> None:
    victim = max(home_of_its_own.blobs(), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(content)
    ran = home_of_its_own.run("verify", "--fixity", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert len(ran.json["findings"]) == 1


def test_verify_finds_a_missing_blob(home_of_its_own: Home) -> None:
    home_of_its_own.blobs()[0].unlink()
    ran = home_of_its_own.run("verify", "--all", "--json")
    assert ran.code == 1
    assert ran.json["findings"]


@pytest.mark.parametrize("change", ["edit", "delete", "swap", "cut"])
def test_verify_finds_a_ledger_line_that_was_tampered_with(
    home_of_its_own: Home, change: str
) -> None:
    """By somebody who has the keys, and so can write into the database."""
    statements = {
        "edit": "UPDATE ledger SET actor = 'somebody else' WHERE seq = 3",
        "delete": "DELETE FROM ledger WHERE seq = 3",
        "cut": "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
        "swap": "UPDATE ledger SET event = (SELECT event FROM ledger WHERE seq = 4) "
        "WHERE seq = 1",
    }
    assert home_of_its_own.do("verify", "--ledger")["ok"] is True
    _write_with_the_keys(home_of_its_own, statements[change])
    ran = home_of_its_own.run("verify", "--ledger", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert ran.json["findings"]


def _write_with_the_keys(home: Home, statement: str) -> None:
    site = open_site(config.load(home.environ()))
    try:
        with site.db.write() as session:
            for trigger in session.scalars(
                text(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' "
                    "AND tbl_name LIKE 'ledger%'"
                )
            ).all():
                session.execute(text(f"DROP TRIGGER {trigger}"))
            changed = session.execute(text(statement))
            assert changed.rowcount == 1
    finally:
        site.close()


def test_jobs_are_listed_and_only_what_can_be_retried_or_cancelled_is(
    kept: Home, photograph: Path
) -> None:
    made = kept.do("deposit", photograph, "--title", "Queued")
    jobs = kept.do("jobs", "list", "--state", "queued")["jobs"]
    own = [job for job in jobs if made["id"] in (job["subject"], job.get("record"))]
    assert own
    assert set(own[0]) >= {"id", "kind", "state", "progress", "error"}
    assert kept.run("jobs", "cancel", own[0]["id"]).code == 0
    assert kept.run("jobs", "cancel", own[0]["id"]).code == 1
    assert kept.run("jobs", "retry", own[0]["id"]).code == 0
    ran = kept.run("jobs", "retry", "nosuchjob")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err


# --- demo -----------------------------------------------------------------------------


def test_the_demonstration_is_made_in_time_with_one_account_of_each_role(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    ran = home.run("demo", "--no-serve", "--json", seconds=240)
    assert ran.code == 0, ran.err
    roles = sorted(each["role"] for each in ran.json["accounts"])
    assert roles == ["administrator", "applicant", "moderator", "researcher"]
    found = home.do("search", "")
    assert found["total"] >= 8
    for words in ("Shushi", "Շուշի", "Şuşa", "Шуша"):
        assert home.do("search", words)["total"] > 0, words
    assert home.do("verify", "--all")["ok"] is True
    assert home.do("jobs", "list", "--state", "failed")["jobs"] == []


def test_a_second_archive_does_not_open_the_first_one_s_files(
    home_of_its_own: Home, tmp_path: Path
) -> None:
    """The key of one home is no key to another."""
    other = make_home(tmp_path / "other")
    stranger = home_of_its_own.with_settings(VIGIL_KEY_FILE=str(other.key_file))
    ran = stranger.run("verify", "--all")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err
