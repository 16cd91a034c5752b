"""Clause by clause: where the office's own acts are honoured, and the tests that hold them.

What is computed is found by its shape (`scripts.clause_table`). A step, a notice, a visit, a payment or a paper is
honoured by a command; which one, only a reader of the clause can say. Places are short: `review/steps.carry_step` is
`casework/review/steps.py::carry_step`, `review_steps.each_path` the one test of `tests/test_review_steps.py` whose
name begins so.
"""

from __future__ import annotations

from typing import Final

_REGISTERED: Final = "person_forms.test_the_registration_form_has_every_label_of_the_circular_in_its_order"
_RETURN: Final = "papers_tables.test_the_return_has_the_eleven_columns"
_WHOLE_CARDS: Final = "papers_tables.test_whole_cards_only"
_FILED: Final = "papers_tables.test_one_form_three_ranges"
_FORMAL: Final = "papers_tables.test_a_filing_is_formal_once"
_BOOK: Final = "papers_tables.test_everybody_in_the_ledger"
_A3: Final = "papers_tables.test_the_circular_s_own_book"
_FILED_YEAR: Final = "jiaozuo.test_the_year_blank"
_BY_MEETING: Final = "review_exceptions.test_only_a_meeting"
_LIFE_IM: Final = "round_lives.test_a_life_of_neimenggu"
_LIFE_JZ: Final = "round_lives.test_a_life_of_jiaozuo"
_LIFE_JS: Final = "round_lives.test_a_life_of_jianshi"
_CHAIN: Final = "review_steps.test_each_circular_has_its_own_chain"
_BODIES: Final = "review_steps.test_who_carries_a_step_out_comes_from_the_pack"
_CARRIED: Final = "review_steps.test_each_path_has_its_own_clause"
_NEEDS: Final = "payment_visits.test_the_grid_names_who_is_missing_what_and_who_was_late"
_HEARD: Final = "payment_visits.test_a_visit_without_a_word_on_what_was_heard_is_refused"
_CONSENT: Final = "people_contacts.test_another_holder_needs_consent_and_a_revoked_one_is_not_used"
_CARD: Final = "payment_cards.test_without_the_consent_there_is_no_payment_to_another_s_card"
_HAND: Final = "payment_money.test_booking_waits_for_the_person_s_own_hand"
_DRAWN: Final = "payment_visits.test_an_inspection_keeps_its_seed_and_its_findings_are_a_person_s"
_REPORT: Final = "payment_visits.test_the_report_has_its_figures_filled_in"
_TOGETHER: Final = "payment_visits.test_everybody_is_seen_face_to_face_by_the_committee"
_RECHECK: Final = "people_rechecks.test_who_was_not_rechecked_stands_as_such"
_NOBODY_CALLED: Final = "payment_money.test_nobody_is_called_to_the_office"
_PAPER: Final = "review_worklist.test_a_paper_has_an_issuer_of_the_level_the_circular_asks_for"
_LISTED: Final = "views.test_every_clause_stands_in_its_own_words"
_HEAD: Final = "views.test_the_circular_can_be_narrowed"
_PACKED: Final = "packages.test_it_comes_goes_back"
_ON_TIME: Final = "packages.test_to_the_minute"
_ONCE: Final = "package_steps.test_one_command_for_each_of_twelve_units"
_BEHIND: Final = "package_steps.test_who_stays_behind"
_FORM: Final = "intake.test_a_registration_form_is_one_person"
_FILLED: Final = "intake.test_what_a_unit_fills_in_is_what_is_read"
_OWN_LIST: Final = (
    "samples.test_neimenggu_stands_on_both_sides",
    "case_life_browser.test_a_neimenggu_nomination_over_the_cap",
)
_SHEET: Final = "importing.test_a_sheet_becomes_people"
_TWICE: Final = "importing.test_the_same_file_twice"
_FESTIVAL: Final = "jiaozuo.test_before_the_spring_festival_is_the_day_before_it"

PLACES: Final[dict[str, tuple[str, ...]]] = {
    # -- 内蒙古 2022 ---------------------------------------------------------------------------------------------
    "IM-0.1": ("views/circular.circular_head", _HEAD),
    "IM-0.3": ("views/circular.circular", _LISTED),
    "IM-0.4": ("allocation/allocate._reserve", *_OWN_LIST),
    "IM-0.5": ("views/circular.circular_head", _HEAD),
    "IM-1.1": ("allocation/allocate._reserve", *_OWN_LIST),
    "IM-3.3.2": ("people/packages.receive_package", _PACKED),
    "IM-3.5.1": ("payment/coverage.coverage", _NEEDS),
    "IM-4.1": ("people/packages.receive_package", _PACKED, _FORM, _REGISTERED),
    "IM-4.2": ("papers/filing.declared", _RETURN, _FILLED),
    "IM-A1.1": ("intake/people.row_of", _FORM, _REGISTERED),
    "IM-A1.2": ("intake/people.row_of", _FORM, _REGISTERED),
    "IM-A1.3": ("intake/facts.position_of", _FORM, _REGISTERED),
    "IM-A1.4": (
        "intake/facts.contacts_of",
        _FORM,
        "people_contacts.test_numbers_are_masked_until_they_are_opened",
        _REGISTERED,
    ),
    "IM-A1.5": ("intake/facts.contacts_of", _FORM, _CONSENT, _REGISTERED),
    "IM-A1.6": ("intake/people.row_of", _FORM, "people_holding.test_income_per_head_is_computed", _REGISTERED),
    "IM-A1.7": ("intake/people.relative_rows", _FORM, _REGISTERED),
    "IM-A1.8": ("intake/people.split_causes", _FORM, _REGISTERED),
    "IM-A1.9": ("review/packages.record_unit_steps", _ONCE, _REGISTERED),
    "IM-A1.10": ("intake/records.collect", _FORM, _REGISTERED),
    "IM-A2.1": ("lists/filing.person_return", _RETURN, _FILLED),
    "IM-A2.2": ("papers/filing.declared_opened", _RETURN, _WHOLE_CARDS, _FILLED),
    "IM-1.2": ("payment/coverage.remarks", "payment_visits.test_at_home_and_by_the_one_in_charge"),
    "IM-1.3": ("payment/visits.record_visit", _HEARD),
    "IM-1.5": ("payment/follow_ups.open_follow_up", "payment_visits.test_difficulties_raised_are_followed"),
    "IM-2.1": ("review/steps.carry_step", _CHAIN, "review_steps.test_a_package_is_recorded_once", _LIFE_IM),
    "IM-2.2": ("review/steps.carry_step", _CHAIN, "review_steps.test_what_a_step_is_refused_for", _LIFE_IM),
    "IM-3.1.5": (
        "review/exceptions.set_aside",
        "review_exceptions.test_the_union_s_aid_blocks",
        "review_cli.test_an_exception_is_typed_and_a_must_has_none",
        "neimenggu.test_union_relief_counts_for_a_year",
    ),
    "IM-3.2.3": ("review/chain.chain", _CHAIN, "review_steps.test_a_weaker_step_and_one_that_is_excepted"),
    "IM-3.3.1": ("review/steps.carry_step", _CHAIN, "review_steps.test_nobody_reviews_what_he_proposed", _LIFE_IM),
    "IM-3.3.6": (
        "allocation/quota._move",
        "neimenggu.test_the_caps_are_soft",
        "allocation.test_a_soft_cap_is_exceeded",
    ),
    "IM-3.4.1": (
        "review/meetings.decide_meeting",
        "review_meetings.test_a_list_agreed_to_as_it_stands_becomes_official",
        "review_steps.test_an_own_decision_needs_an_approver",
        _LIFE_IM,
    ),
    "IM-3.4.2": (
        "review/notices.post_notice",
        _BODIES,
        "review_notices.test_a_notice_holds_everyone_listed_and_ends_after_its_last_day",
        _LIFE_IM,
    ),
    "IM-3.5.3": ("payment/report.activity_report", _REPORT, _LIFE_IM),
    "IM-3.5.4": ("payment/report.activity_report", _REPORT, _LIFE_IM),
    "IM-4.3": ("dates.on_time", "neimenggu.test_the_deadline_day_itself_is_on_time"),
    "IM-4.4": (
        "lists/person_forms.registration",
        _REGISTERED,
        "person_forms_ledger.test_the_household_and_what_the_circular_asks",
    ),
    "IM-4.5": ("people/contacts.put_contact", _CONSENT, _CARD),
    "IM-4.6": ("people/contacts.put_contact", _CONSENT, _CARD),
    "IM-4.7": (
        "people/contacts.normalised",
        "people_contacts.test_a_number_that_is_none_is_refused_without_being_repeated",
    ),
    "IM-A1.11": ("people/contacts.put_contact", _CONSENT, _CARD),
    "IM-A2.4": ("papers/filing.declared_opened", _WHOLE_CARDS, "papers_tables.test_who_may_not_see_opens_nothing"),
    # -- 焦作 2018 -----------------------------------------------------------------------------------------------
    "JZ-N0.1": ("intake/units.read_units", "units_sheet.test_a_clean_sheet_is_read_with_its_types"),
    "JZ-N0.2": ("people/rechecks.record_recheck", _RECHECK),
    "JZ-N2.1": ("people/packages.package_grid", _ON_TIME),
    "JZ-N2.2": ("papers/filing.filed_all", _FILED, "papers_tables.test_a_unit_with_nobody_is_named", _RECHECK),
    "JZ-N2.3": ("people/rechecks.record_recheck", _RECHECK),
    "JZ-N2.5": ("review/steps.carry_step", "review_steps.test_what_a_step_is_refused_for", _LIFE_JZ),
    "JZ-N2.8": ("people/packages.receive_package", _PACKED),
    "JZ-N2.9": ("people/packages.package_grid", _ON_TIME),
    "JZ-N3.3": ("people/importing.import_rows", _SHEET, _TWICE),
    "JZ-N3.4": ("papers/filing.filed_all", _FILED, _FILED_YEAR),
    "JZ-N3.5": ("people/packages.package_grid", _ON_TIME),
    "JZ-N3.6": (
        "papers/filing.filed_new",
        _FILED,
        _BOOK,
        "person_forms_ledger.test_an_empty_form_has_the_boxes_of_an_application",
        _PACKED,
    ),
    "JZ-N3.7": ("people/packages.receive_package", _PACKED),
    "JZ-N4.1": ("people/rechecks.record_recheck", _RECHECK),
    "JZ-N4.3": ("payment/inspection.record_finding", _DRAWN),
    "JZ-N5.2": ("views/circular.circular", _LISTED),
    "JZ-M1.1": ("people/rows.put_row", "people_holding.test_a_row_is_entered"),
    "JZ-M4.1.1": ("review/chain.chain", _CHAIN, "review_steps.test_a_weaker_step_and_one_that_is_excepted"),
    "JZ-M4.1.2": (
        "lists/person_forms.approval",
        "person_forms_ledger.test_the_boxes_are_those_of_the_persons_own_chain",
    ),
    "JZ-A2": ("lists/person_forms.approval", "person_forms_ledger.test_the_boxes_are_those_of_the_persons_own_chain"),
    "JZ-A3": ("lists/standing_lists.ledger_book", _A3, _BOOK),
    "JZ-A4": ("papers/filing.filed_new", _FILED, _FILED_YEAR),
    "JZ-M4.1.3": ("review/evidence.evidence_checklist", "evidence.test_the_checklist_follows_the_causes", _PAPER),
    "JZ-M4.2.4": ("people/importing.import_rows", _SHEET, _TWICE),
    "JZ-M3.5": (
        "ledger/exceptions.check_exception",
        _BY_MEETING,
        "review_exceptions.test_a_decided_meeting_is_named",
        "review_exceptions.test_the_page_offers",
        "worked.test_the_worked_cases_of_a_shipped_pack_hold",
    ),
    "JZ-M4.2.5": ("papers/filing.filed_all", _FILED, _FILED_YEAR),
    "JZ-M5.1.2": (
        "review/meetings.decide_meeting",
        "review_meetings.test_a_list_agreed_to_as_it_stands_becomes_official",
        _LIFE_JZ,
    ),
    "JZ-M5.2.2": ("papers/standing.ledger", _BOOK, "people_holding.test_income_per_head_is_computed", _SHEET),
    "JZ-M5.2.4": ("papers/filing.filed_all", _FORMAL, _RECHECK),
    "JZ-M5.3.1": ("ledger/commands.execute", "audit.test_an_untouched_log_is_whole"),
    "JZ-M5.3.3": ("payment/inspection.record_finding", _DRAWN),
    "JZ-N2.4": ("review/steps.carry_step", _CHAIN, _CARRIED, _LIFE_JZ),
    "JZ-N2.6": ("review/steps.carry_step", _CHAIN, "jiaozuo.test_two_paths_have_their_own_steps", _LIFE_JZ),
    "JZ-N2.7": (
        "review/notices.post_notice",
        _CHAIN,
        "review_notices.test_a_units_own_notice_is_recorded_once_afterwards",
        _LIFE_JZ,
    ),
    "JZ-N3.1": ("review/steps.carry_step", _CHAIN, _CARRIED, _LIFE_JZ),
    "JZ-N3.2": ("review/steps.carry_step", _CHAIN, _CARRIED, _LIFE_JZ),
    "JZ-M2.2.0": ("rules.verdicts", "worked.test_the_worked_cases_of_a_shipped_pack_hold"),
    "JZ-M3.2": ("payment/coverage.remarks", _FESTIVAL, "payment_visits.test_days_outside_the_window_are_named"),
    "JZ-M4.2.1": ("review/steps.carry_step", _CHAIN, "jiaozuo.test_two_paths_have_their_own_steps", _LIFE_JZ),
    "JZ-M4.2.2": (
        "review/notice_days.notice_end",
        "review_notices.test_seven_days_of_jiaozuo_end_on_the_eighth",
        _LIFE_JZ,
    ),
    "JZ-M4.2.3": (
        "review/objections.record_objection",
        "review_notices.test_an_objection_makes_only_that_person_wait",
    ),
    "JZ-M4.2.6": ("review/chain.stopped", "review_steps.test_a_refused_person_goes_no_further", _LIFE_JZ),
    "JZ-M4.3.1": ("review/steps.carry_step", _CHAIN, "jiaozuo.test_two_paths_have_their_own_steps", _LIFE_JZ),
    "JZ-M4.3.2": ("review/chain.chain", "review_steps.test_a_weaker_step_and_one_that_is_excepted"),
    "JZ-M4.4.1": ("review/steps.carry_step", _CHAIN, _BODIES, _LIFE_JZ),
    "JZ-M4.4.2": (
        "review/meetings.decide_meeting",
        _CHAIN,
        _BODIES,
        "review_meetings.test_a_list_agreed_to_as_it_stands_becomes_official",
        _LIFE_JZ,
    ),
    "JZ-M4.5.1": (
        "payment/transfers.transfer",
        "jiaozuo.test_no_amount_is_fixed_and_the_money_is_dues",
        "payment_money.test_a_transfer_is_the_sum_of_its_people",
        _LIFE_JZ,
    ),
    "JZ-M4.5.2": (
        "payment/receipts.hand",
        _CHAIN,
        "payment_money.test_nothing_is_handed_over_before_the_transfer",
        _LIFE_JZ,
    ),
    "JZ-M4.5.3": ("payment/receipts.record_receipt", _CHAIN, _HAND, _LIFE_JZ),
    "JZ-M4.5.4": ("payment/receipts.book", _HAND, _LIFE_JZ),
    "JZ-M5.1.1": ("dates.spring_festival", _FESTIVAL),
    "JZ-M5.2.1": ("people/rechecks.recheck_list", _RECHECK),
    "JZ-M5.2.3": ("people/rechecks.record_recheck", _RECHECK, "people_rechecks.test_nothing_is_carried_into_the_next"),
    "JZ-M5.2.5": (
        "people/differences.ledger_difference",
        "people_rechecks.test_who_came_who_went_and_what_changed_is_named",
    ),
    "JZ-M5.3.2": ("payment/inspection.draw_inspection", _DRAWN),
    # -- 建始 2020 -----------------------------------------------------------------------------------------------
    "JS-0.1": ("intake/units.read_units", "units_sheet.test_a_clean_sheet_is_read_with_its_types"),
    "JS-2.1.1": ("allocation/quota.plan", "policies.test_the_quota_table_is_the_annex_cell_by_cell"),
    "JS-2.2.2": ("payment/funds.record_expense", "payment_money.test_a_unit_s_matching_money_is_apart"),
    "JS-4.1.6": ("payment/visits.link_leader", "payment_visits.test_a_leader_sees_at_least_two"),
    "JS-4.2.1": (
        "payment/visits.record_visit",
        "payment_visits.test_one_entry_is_the_visit_and_the_handing_over",
        _LIFE_JS,
    ),
    "JS-4.2.2": ("payment/visits.record_visit", _HEARD, _LIFE_JS),
    "JS-5.1.1": ("review/packages.record_unit_steps", _ONCE, _CHAIN),
    "JS-5.1.2": ("review/packages.record_unit_steps", _ONCE),
    "JS-5.1.4": ("review/packages.record_unit_steps", _ONCE, _BEHIND),
    "JS-5.1.7": (
        "review/packages.record_unit_steps",
        _ONCE,
        "review_units_decide.test_a_branch_sees_its_own_people_only",
    ),
    "JS-5.2.5": ("payment/inspection.record_finding", _DRAWN, _LIFE_JS),
    "JS-6.1": ("people/packages.package_grid", _ON_TIME, _NEEDS),
    "JS-6.2": ("people/packages.package_grid", "packages.test_whom_to_chase", _NEEDS),
    "JS-6.3": ("people/packages.receive_package", _PACKED, _NEEDS),
    "JS-6.4": (
        "lists/visiting.leader_roster",
        "papers_lists.test_the_leaders_roster_has_the_annex",
        "payment_visits.test_the_roster_of_leaders_fills_itself",
    ),
    "JS-6.5": ("people/packages.package_grid", "payment_visits.test_the_packages_on_record_fill_the_grid"),
    "JS-6.7": ("views/circular.circular", _LISTED),
    "JS-A3": ("lists/visiting.leader_roster", "papers_lists.test_the_leaders_roster_has_the_annex"),
    "JS-1.1": (
        "payment/coverage.remarks",
        "policies.test_the_leaders_visits_and_the_places",
        "payment_visits.test_days_outside_the_window_are_named",
    ),
    "JS-2.1.2": (
        "allocation/fund.sources",
        "allocation.test_jianshi_is_359_places_and_184000_yuan",
        "payment_money.test_no_more_comes_in_than_the_circular_allots",
        _LIFE_JS,
    ),
    "JS-2.2.1": ("payment/funds.record_expense", "payment_money.test_a_unit_s_matching_money_is_apart"),
    "JS-4.1.1": ("payment/visits.link_leader", "payment_visits.test_a_leader_sees_at_least_two"),
    "JS-4.1.2": ("payment/coverage.leaders", "payment_visits.test_a_leader_sees_at_least_two"),
    "JS-4.1.3": (
        "payment/receipts.hand_over",
        "payment_visits.test_one_entry_is_the_visit_and_the_handing_over",
        _LIFE_JS,
    ),
    "JS-4.1.4": ("payment/visits.plan_visit", "payment_visits.test_a_plan_stays_inside_the_township_s_own_list"),
    "JS-4.1.5": ("payment/coverage.leaders", "payment_visits.test_a_leader_without_a_coordinating_office_is_named"),
    "JS-4.1.7": ("payment/coverage.coverage", _TOGETHER),
    "JS-4.1.8": ("payment/coverage.coverage", _TOGETHER),
    "JS-4.1.9": ("payment/visits.record_visit", _HEARD, _LIFE_JS),
    "JS-4.1.10": ("payment/coverage.remarks", "payment_visits.test_a_first_secretary_is_seen", _LIFE_JS),
    "JS-4.2.3": ("payment/visits.record_visit", _HEARD, _LIFE_JS),
    "JS-4.2.4": ("payment/follow_ups.open_follow_up", "payment_visits.test_difficulties_raised_are_followed"),
    "JS-5.1.3": ("people/rechecks.recheck_list", _RECHECK),
    "JS-5.1.5": (
        "review/confirmation.confirm_list",
        "review_units_decide.test_the_office_confirms_what_the_towns_decided",
        _LIFE_JS,
    ),
    "JS-5.1.6": ("review/notices.post_notice", "review_units_decide.test_a_branch_sees_its_own_people_only"),
    "JS-5.2.1": ("payment/receipts.refuse_place", _NOBODY_CALLED, "policies.test_the_leaders_visits_and_the_places"),
    "JS-5.2.2": ("payment/funds.refuse_other_purpose", "payment_money.test_money_is_ring_fenced"),
    "JS-5.2.3a": (
        "payment/reconciliation.open_ends",
        "payment_money.test_what_a_unit_received_and_did_not_pay_is_named",
        _LIFE_JS,
    ),
    "JS-5.2.3b": ("payment/funds.refuse_other_purpose", "payment_money.test_money_is_ring_fenced"),
    "JS-5.2.4": ("payment/inspection.draw", _DRAWN, "payment_visits.test_a_draw_can_be_done_again", _LIFE_JS),
    "JS-A1.5": ("lists/quota.quota_table", "policies.test_captions_and_rates_are_the_column_heads_of_the_annex"),
    "JS-A1.6": (
        "allocation/quota.plan",
        "policies.test_the_quota_table_spends_the_fund_exactly",
        "allocation.test_jianshi_is_359_places_and_184000_yuan",
    ),
}

LATER: Final = {
    "IM-3.5.2": "issue 6，宣传登记：媒体报道由宣传部门办，本系统只存原文",
    "JS-5.3.1": "issue 6，宣传登记：媒体报道由宣传部门办，本系统只存原文",
    "JS-5.3.2": "issue 6，舆情登记：监测在系统之外，本系统只存原文",
}
"""What is only kept and shown so far, the issue that may bring it, and why it is not worked with."""
