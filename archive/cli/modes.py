"""`vigil mode`: what the whole archive does, in an emergency."""

from __future__ import annotations

from typing import Any

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.site import Site
from auth.credentials import sessions
from auth.terms import LANGUAGES
from auth.viewer import Mode

WORDS = {mode.value.replace("_", "-"): mode for mode in Mode}
Message = tuple[str, str]


class InLanguage(click.ParamType[Message]):
    """Words in one of the languages of the pages: `en=Back at noon.`"""

    name = "language=text"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Message:
        """Read `LANGUAGE=TEXT`, or say what is wrong with it."""
        language, sign, text = value.partition("=")
        if not sign or language not in LANGUAGES:
            self.fail(f"{value!r} is not one of en=…, hy=…, az=…, ru=…", param, ctx)
        return language, text


@click.command()
@click.argument("wanted", required=False, type=click.Choice(list(WORDS)))
@click.option(
    "--message", "messages", type=InLanguage(), multiple=True, help="One a language."
)
@click.option("--end-sessions", is_flag=True, help="Sign everybody out besides.")
@output.json_option
def mode(
    wanted: str | None,
    messages: tuple[Message, ...],
    end_sessions: bool,  # noqa: FBT001 - click's
    as_json: bool,  # noqa: FBT001 - click's
) -> None:
    """Show the archive's mode, or set another; running servers follow in seconds.

    Example: vigil mode no-access --message "en=Back at noon, UTC." --end-sessions
    """
    with output.failing_as_json(as_json), opened() as site:
        if wanted:
            _set(site, WORDS[wanted], dict(messages))
        count = _end_sessions(site) if end_sessions else None
        facts = _facts(site) | ({} if count is None else {"sessions_ended": count})
        output.answer(facts, as_json, lambda: _lines(facts))


def _set(site: Site, wanted: Mode, messages: dict[str, str]) -> None:
    with site.db.write() as s:
        site.change_mode(s, wanted, messages, OPERATOR)
    site.look_at_mode_again()


def _end_sessions(site: Site) -> int:
    why = sessions.Ending.ENDED_BY_ADMINISTRATOR
    with site.db.write() as s:
        ended = sessions.end_everybodys(s, why, site.clock(), but="")
        detail = {"session": "everybody's", "ended": ended}
        site.ledger.append(
            s, "session ended", actor=OPERATOR, now=site.clock(), detail=detail
        )
    return ended


def _facts(site: Site) -> dict[str, Any]:
    standing = site.mode
    return {
        "mode": standing.mode.value,
        "messages": dict(standing.messages),
        "since": standing.since.isoformat() if standing.since else None,
        "by": standing.by,
    }


def _lines(facts: dict[str, Any]) -> str:
    lines = [f"Mode: {facts['mode'].replace('_', '-')}"]
    if facts["since"]:
        lines.append(f"since {facts['since']}, set by {facts['by']}")
    lines += [f"{code}: {text}" for code, text in facts["messages"].items()]
    if "sessions_ended" in facts:
        lines.append(f"Sessions ended: {facts['sessions_ended']}")
    return "\n".join(lines)
