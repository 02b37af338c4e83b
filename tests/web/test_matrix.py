"""Every route × everybody × every method, against one table.

The rows are computed from the application's own map, so a route that is missing from
the table fails. A letter stands for what each of five people meets at the door:

    o  let in (whatever the page then says of an empty form)
    s  asked to sign in, 401      n  refused, 403      -  not there, 404

The columns: visitor, applicant, researcher, moderator, administrator. `PUBLISHED` asks
about a published record, `HIDDEN` about one that waits for a moderator; routes that
name neither record nor file stand in `PUBLISHED` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from archive.intake import Deposit
from tests.web.conftest import Browser, Clock, Desk

PEOPLE = ("visitor", "applicant", "researcher", "moderator", "administrator")
SAFE = ("GET", "HEAD")
LETTERS = {401: "s", 403: "n", 404: "-"}

PUBLISHED = {
    "ooooo": """
        GET api.accessrequests_terms_of_record
        GET api.assets_preview
        GET api.assets_preview_variant
        GET api.description_openapi
        GET api.findings_read
        GET api.statements_listing
        GET api.entities_listing
        GET api.description_page
        GET api.records_listing
        GET api.marks_segments_read
        GET api.records_read
        GET api.records_related
        GET api.suggestions_listing
        OPTIONS api.uploads_options
        GET iiif.manifest
        GET oai.ask
        POST oai.send
        GET api.qualifications_listing
        GET api.vocabulary_listing
        GET apply.again
        GET apply.confirm
        POST apply.confirm_address
        POST apply.send_again
        GET apply.refer
        POST apply.answer_reference
        GET apply.form
        POST apply.send
        GET apply.status
        GET deposit.status
        GET exclusions.choose
        POST exclusions.remember
        GET help.index
        GET help.page
        GET findings.statement_list
        GET findings.entity_list
        GET home.index
        GET home.away
        POST locale.switch
        POST locale.theme
        POST locale.keys
        GET login.address
        POST login.ask_passkey
        POST login.ask_reset
        GET login.back
        POST login.by_institution
        POST login.by_passkey
        POST login.code
        POST login.come_back
        POST login.confirm_address
        GET login.forgotten
        GET login.form
        POST login.logout
        GET login.setup
        POST login.sign_in
        POST login.use_link
        GET media.preview
        GET media.preview_variant
        GET ops.healthz
        GET ops.metrics
        GET ops.readyz
        POST reports.policy
        POST api.readerreports_hand_in
        POST api.readerreports_appeal
        GET reporting.form
        POST reporting.send
        GET reporting.ask
        POST reporting.look
        GET contributing.ask
        POST api.contributions_follow
        POST contributing.look
        GET records.cite
        GET records.show
        GET search.results
        GET static
        GET visas.keys
        GET visas.standing
    """,
    "snooo": """
        GET findings.account_desk
        POST api.findings_sign
        POST findings.give_account
        POST findings.withdraw_account
        POST api.accessrequests_ask_for_record
        GET requests.ask_record
        POST requests.send_record
        POST api.consents_give
        POST api.consents_give_batch
        POST api.records_create
        PATCH api.uploads_append
        POST api.uploads_create
        GET api.uploads_listing
        HEAD api.uploads_look
        POST api.uploads_override
        DELETE api.uploads_terminate
        GET deposit.form
        POST account.issue_visa
        POST deposit.hand_in
        POST records.consent
        GET packages.choose
        POST packages.give
        POST api.packages_give
        GET consents.batch
        POST consents.give_batch
        POST account.save_search
        GET account.searches
        POST api.exports_create
        POST api.savedsearches_create
        GET api.savedsearches_listing
        POST search.export
    """,
    "sn---": """
        POST api.accessrequests_ask_for_collection
        GET requests.ask_collection
        POST requests.send_collection
        POST account.forget_search
        POST account.open_search
        POST account.watch_search
        DELETE api.savedsearches_delete
        PATCH api.savedsearches_change
        GET api.savedsearches_read
    """,
    "soooo": """
        PATCH api.accessrequests_change
        GET api.accessrequests_listing
        POST account.add_passkey
        POST apply.add_evidence
        POST apply.add_remark
        POST apply.renew
        GET requests.listing
        GET reporting.listing
        POST account.add_token
        POST account.begin_authenticator
        POST account.change_address
        POST account.change_password
        POST account.confirm_authenticator
        GET account.consents
        GET account.data
        POST account.end_all_sessions
        POST account.end_other_sessions
        GET account.export
        GET account.exposure
        GET account.exports
        POST account.ask_export
        GET api.exports_listing
        GET account.pause
        POST account.save_budget
        POST account.take_break
        GET account.preferences
        POST account.save_preferences
        GET api.me_preferences_read
        PUT api.me_preferences_write
        POST account.grade_induction
        GET account.index
        GET account.induction
        POST account.passkey_options
        POST account.read_notices
        POST account.remove_authenticator
        POST account.renew_codes
        POST account.save_profile
        GET account.security
        GET account.sessions
        POST account.sign_terms
        GET account.terms
        GET account.tokens
        GET account.visas
        POST account.present_visa
        POST account.withdraw_all_consents
        GET login.again
        POST login.ask_again
        POST login.link_institution
        POST login.prove_again
        POST login.unlink_institution
        GET api.consents_listing
        GET api.me_exposure_read
        GET api.me_read
        GET api.jobs_listing
        PATCH api.records_change
        POST records.withdraw_consent
    """,
    "snnnn": """
        POST admin.confirm_proposal
        GET reporting.ask_back_form
        POST reporting.ask_back
        GET media.redacted_view
        POST admin.ask_emergency
        POST admin.confirm_emergency
        POST admin.withdraw_emergency
        POST admin.end_emergency
        POST admin.review_emergency
        POST admin.ask_to_shred
        POST admin.confirm_order
        POST admin.withdraw_order
        GET api.assets_original
        POST media.cancel_copy
        GET media.clean
        GET media.copy
        GET media.mark
        GET media.muted
        POST media.make_copy
        POST media.make_muted
        GET media.original
        GET media.sound_mark
        GET media.view
        POST moderation.suggest_faces
        GET records.view
    """,
    "-----": """
        GET api.labelfeed_read
        GET reporting.follow
        POST reporting.appeal
        POST api.contributions_hand_in
        GET contributing.form
        POST contributing.hand_in
        POST contributing.answer
        POST contributing.add_files
        POST contributing.withdraw
        GET api.readerreports_read
        GET findings.entity
        GET api.entities_read
        GET api.redactions_open_copy
        GET media.redacted
        GET collections.show
        GET iiif.collection
    """,
    "s----": """
        GET api.accessrequests_read
        POST apply.remove_evidence
        GET requests.show
        GET reporting.own_report
        POST reporting.appeal_own
        POST requests.comment
        POST requests.withdraw
        GET requests.answer
        POST requests.send_answer
        POST account.end_session
        GET account.receipt
        POST account.remove_passkey
        POST account.rename_passkey
        POST account.revoke_token
        POST account.revoke_visa
        GET account.ask_with_visa
        POST account.withdraw_batch
        POST account.act_on_export
        GET account.made_export
        GET api.exports_read
        GET api.exports_give
        DELETE api.exports_end
        POST account.take_export
        POST account.withdraw_export
        POST account.withdraw_consent
        DELETE api.consents_withdraw
        GET api.jobs_read
    """,
    "snn--": """
        GET deposit.import_of
        GET api.imports_read
        GET api.imports_report
        GET deposit.import_report
        GET moderation.report
        GET api.reportdesk_read
        POST moderation.take_report
        POST moderation.give_back_report
        POST moderation.decide_report
    """,
    "snn-n": """
        GET api.contributions_read
        GET moderation.contribution
        POST moderation.take_contribution
        POST moderation.give_back_contribution
        POST moderation.ask_contributor
        POST moderation.decide_contribution
        GET moderation.batch
        GET api.labelbatches_read
        POST findings.take_back_claim
        POST moderation.confirm_redaction
        GET findings.edit_entity
        PUT api.entities_change
        POST findings.save_entity
        POST findings.link_entity
        POST findings.unlink_entity
    """,
    "snnon": """
        GET api.contributions_listing
        PATCH api.contributions_change
        GET moderation.contributions
        GET moderation.batch_form
        PATCH api.labelbatches_change
        POST moderation.act_on_batch
        POST moderation.plan_batch
        POST api.labelbatches_plan
        GET findings.qualification_desk
        POST findings.add_claim
        POST api.qualifications_add
        DELETE api.qualifications_take_back
        GET findings.new_statement
        POST api.entities_create
        PUT api.findings_assess
        POST api.findings_link
        PUT api.statements_describe
        POST api.statements_add_stage
        PUT api.statements_take_stance
        POST findings.add_statement
        GET findings.new_entity
        POST findings.add_entity
        GET findings.assessment
        POST findings.assess
        GET findings.statement
        POST findings.save_statement
        POST findings.add_stage
        POST findings.remove_stage
        POST findings.take_stance
        POST findings.remove_stance
        POST findings.accept_account
        GET findings.relation_desk
        POST findings.link
        POST findings.unlink
        GET api.redactions_listing
        PATCH api.redactions_change
        POST api.redactions_draw
        POST moderation.redact
        GET moderation.redactions_of
        POST moderation.withdraw_redaction
        GET api.assets_labels_read
        PUT api.twins_judge
        GET api.assets_labels_history
        PUT api.assets_labels_write
        GET api.marks_regions_read
        PUT api.marks_regions_write
        PUT api.marks_segments_write
        DELETE api.records_withdraw
        POST moderation.climb
        GET moderation.dashboard
        POST moderation.give_back
        POST moderation.hold
        POST moderation.label
        POST moderation.dismiss
        POST moderation.judge
        GET moderation.marks
        POST moderation.mark_regions
        POST moderation.mark_segments
        POST moderation.reopen
        POST api.queue_take
        POST moderation.take
        POST moderation.urgent
        POST moderation.publish
        GET moderation.record
        POST moderation.withdraw
    """,
    "snnn-": """
        POST admin.begin_upkeep
        GET admin.checkpoint
        GET admin.checkpoint_stamp
        GET admin.access_request
        POST admin.take_up_request
        POST admin.comment_request
        POST admin.return_request
        POST admin.decline_request
        POST admin.confirm_request
        POST admin.revoke_request
        POST admin.approve_request
        GET admin.emergency
        POST admin.withdraw_proposal
        GET admin.collection
        POST admin.change_collection
        POST admin.ask_in_collection
        POST admin.condition_collection
        POST admin.change_entry
        POST admin.check_visa
        GET admin.shred_order
        GET admin.shred_receipt
        GET admin.application
        POST admin.decide
        GET api.applications_read
        POST admin.open_evidence
        POST admin.ask_for_reference
        POST admin.remark
        GET admin.vocabulary_entry
        POST admin.save_vocabulary_entry
        GET api.vocabulary_versions
    """,
    "snnoo": """
        GET deposit.imports
        POST deposit.hand_in_table
        POST deposit.act_on_import
        GET api.imports_listing
        POST api.imports_hand_in
        PATCH api.imports_change
        GET api.twins_listing
        GET admin.jobs
        GET api.queue_listing
        GET moderation.queue
        GET moderation.undecided
        GET moderation.reports
        GET api.reportdesk_listing
        PATCH api.reportdesk_change
        POST api.reportdesk_decide
    """,
    "snnno": """
        PATCH api.applications_change
        GET api.accessrequests_table
        GET admin.requests
        POST admin.export_requests
        GET admin.collections
        POST admin.add_collection
        GET admin.emergencies
        GET admin.embargo
        POST admin.set_embargo
        POST admin.lift_embargo
        GET admin.account
        GET admin.confirmations
        GET admin.accounts
        GET admin.alarms
        GET admin.fixity
        GET admin.upkeep
        POST admin.rotate_keys
        POST admin.read_files_now
        GET api.fixity_report
        POST api.fixity_read_now
        POST admin.lay_honey
        GET admin.mode
        POST admin.set_mode
        POST admin.lift_honey
        POST admin.see_alarm
        GET admin.applications
        GET api.applications_listing
        GET api.accounts_listing
        POST admin.add_denial
        POST admin.ask_denials
        GET admin.denials
        POST admin.publish_terms
        GET admin.terms
        POST admin.lift_denial
        POST admin.cancel_job
        POST admin.change_role
        POST admin.change_standing
        POST admin.end_everybodys_sessions
        POST admin.end_sessions
        POST admin.export
        GET admin.export_gazetteer
        GET admin.gazetteer
        GET admin.vocabulary_list
        GET admin.export_vocabulary
        GET admin.new_label
        POST admin.add_label
        PUT api.vocabulary_change
        POST admin.import_gazetteer
        POST admin.save_entry
        GET admin.index
        GET help.style
        POST admin.invite
        GET admin.ledger
        POST admin.sign_ledger
        GET admin.forgotten
        GET api.ledger_checkpoint
        GET api.ledger_forgotten
        GET api.ledger_listing
        GET api.ledger_proof
        GET api.ledger_consistency
        GET admin.shredding
        POST admin.make_reset_link
        POST admin.renew_vetting
        POST admin.retry_job
        POST admin.verify
    """,
}

HIDDEN = {
    "----n": """
        POST findings.take_back_claim
        POST moderation.confirm_redaction
    """,
    "-----": """
        GET api.redactions_open_copy
        GET iiif.manifest
        GET media.redacted
    """,
    "---oo": """
        GET reporting.form
        POST reporting.send
        GET api.qualifications_listing
        GET api.twins_listing
        GET findings.account_desk
        POST api.findings_sign
        GET api.findings_read
        POST findings.give_account
        POST findings.withdraw_account
        GET api.accessrequests_terms_of_record
        POST api.accessrequests_ask_for_record
        GET requests.ask_record
        POST requests.send_record
        GET api.assets_preview
        GET api.assets_preview_variant
        PATCH api.records_change
        GET api.marks_segments_read
        GET api.records_read
        GET api.records_related
        GET deposit.status
        GET media.preview
        GET media.preview_variant
        GET records.cite
        GET records.show
        GET packages.choose
        POST packages.give
        POST api.packages_give
        POST records.withdraw_consent
    """,
    "---on": """
        GET findings.qualification_desk
        POST findings.add_claim
        POST api.qualifications_add
        DELETE api.qualifications_take_back
        GET findings.assessment
        PUT api.findings_assess
        POST api.findings_link
        PUT api.statements_describe
        POST api.statements_add_stage
        PUT api.statements_take_stance
        POST findings.assess
        GET findings.statement
        POST findings.save_statement
        POST findings.add_stage
        POST findings.remove_stage
        POST findings.take_stance
        POST findings.remove_stance
        POST findings.accept_account
        GET findings.relation_desk
        POST findings.link
        POST findings.unlink
        GET api.redactions_listing
        PATCH api.redactions_change
        POST api.redactions_draw
        POST moderation.redact
        GET moderation.redactions_of
        POST moderation.withdraw_redaction
        GET api.assets_labels_read
        PUT api.twins_judge
        GET api.assets_labels_history
        PUT api.assets_labels_write
        GET api.marks_regions_read
        PUT api.marks_regions_write
        PUT api.marks_segments_write
        POST api.consents_give
        DELETE api.records_withdraw
        POST moderation.climb
        POST moderation.give_back
        POST moderation.hold
        POST moderation.label
        POST moderation.dismiss
        POST moderation.judge
        GET moderation.marks
        POST moderation.mark_regions
        POST moderation.mark_segments
        POST moderation.reopen
        POST moderation.urgent
        POST moderation.publish
        GET moderation.record
        POST moderation.withdraw
        POST records.consent
    """,
    "---nn": """
        GET reporting.ask_back_form
        POST reporting.ask_back
        GET media.redacted_view
        GET api.assets_original
        POST media.cancel_copy
        GET media.clean
        GET media.copy
        GET media.mark
        GET media.muted
        POST media.make_copy
        POST media.make_muted
        GET media.original
        GET media.sound_mark
        GET media.view
        POST moderation.suggest_faces
        GET records.view
    """,
    "---no": """
        GET admin.embargo
        POST admin.set_embargo
        POST admin.lift_embargo
    """,
}


def test_everybody_meets_at_every_door_what_the_table_says(
    app: Flask, browser: Browser, desk: Desk, clock: Clock, people: dict[str, str]
) -> None:
    """Requirement 36."""
    deposit = desk.publish(desk.deposit())
    routes = list(_routes(app, deposit, account_id=people["applicant"]))

    met = dict(_met(app, browser, clock, routes))

    print(_told(met))  # noqa: T201 - `make leak-test` shows it
    assert met == _expected(PUBLISHED)


def test_what_waits_for_a_moderator_is_not_there_for_others(
    app: Flask, browser: Browser, desk: Desk, clock: Clock
) -> None:
    about_it = [route for route in _routes(app, desk.deposit()) if route.names_item]

    met = dict(_met(app, browser, clock, about_it))

    assert met == _expected(HIDDEN)


def test_the_table_has_a_row_for_every_route(app: Flask) -> None:
    """Requirement 36."""
    rows = {row.split()[1] for row in _expected(PUBLISHED)}

    assert rows == {rule.endpoint for rule in app.url_map.iter_rules()}


@dataclass(frozen=True)
class Route:
    """One endpoint with one method; `names_item` says it names a record or a file."""

    endpoint: str
    method: str
    path: str
    names_item: bool


def _expected(table: dict[str, str]) -> dict[str, str]:
    rows = {}
    for letters, block in table.items():
        for row in filter(None, map(str.strip, block.splitlines())):
            assert row not in rows, f"{row} stands twice"
            rows[row] = letters
            if row.startswith("GET "):
                rows[f"HEAD {row.split()[1]}"] = letters
    return rows


def _routes(app: Flask, deposit: Deposit, **others: str) -> Iterator[Route]:
    item = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    names = {
        **item,
        **others,
        "variant": "card",
        "filename": "css/tokens.css",
        "name": "consent",
        "level": "small",
    }
    for rule in app.url_map.iter_rules():
        values = {name: names.get(name, "nothing") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        for method in sorted(rule.methods or ()):
            names_item = bool(item.keys() & rule.arguments)
            yield Route(rule.endpoint, method, path, names_item)


def _met(
    app: Flask, browser: Browser, clock: Clock, routes: list[Route]
) -> Iterator[tuple[str, str]]:
    for route in routes:
        row = ""
        for name in PEOPLE:
            clock.advance(seconds=1)  # of somebody's ten sessions the oldest ends
            row += _letter(browser(name), route)
        yield f"{route.method} {route.endpoint}", row


def _told(met: dict[str, str]) -> str:
    """Routes x roles, as a table to read."""
    head = f"{'route':<40}" + "".join(f"{name:>15}" for name in PEOPLE)
    words = {letter: str(status) for status, letter in LETTERS.items()} | {"o": "open"}
    rows = [
        f"{row:<40}" + "".join(f"{words[letter]:>15}" for letter in letters)
        for row, letters in sorted(met.items(), key=lambda each: each[0].split()[::-1])
    ]
    return "\n".join(["", head, *rows])


def _letter(client: FlaskClient, route: Route) -> str:
    headers = {} if route.method in SAFE else {"X-CSRFToken": _token(client)}
    with client.open(route.path, method=route.method, headers=headers) as answer:
        assert answer.status_code < 500, route
        return LETTERS.get(answer.status_code, "o")


def _token(client: FlaskClient) -> str:
    """The form token of this browser, without loading a page for it."""
    held = client.get_cookie("vigil")
    headers = {"Cookie": f"vigil={held.value}"} if held else {}
    with client.application.test_request_context(headers=headers):
        return str(generate_csrf())
