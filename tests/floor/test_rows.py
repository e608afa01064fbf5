"""Which test proves which row of the floor's acceptance list: each of them exists and names its row."""

from __future__ import annotations

import importlib
import re

import pytest

TERMINAL, FLOOR = "tests.terminal.", "tests.floor."
BURSTS, SCANS, RECEIVE, PUTAWAY = TERMINAL + "test_bursts", FLOOR + "test_pty_scans", FLOOR + "test_receive", (
    FLOOR + "test_pty_putaway"
)  # fmt: skip
PICK, CLUSTERS, COUNT = FLOOR + "test_pick", FLOOR + "test_pick_clusters", FLOOR + "test_count"
COUNTS, MOVE, WASTE, UNDO = "tests.services.test_counts", FLOOR + "test_move", FLOOR + "test_waste", FLOOR + "test_undo"
SIGN_OFF, LABELS, FEEDBACK = FLOOR + "test_sign_off", FLOOR + "test_labels", TERMINAL + "test_feedback"
COUNT_PLANS = "tests.floor.test_count_plans"
RECEIVE_BINS = "tests.floor.test_receive_bins"
RECEIVE_PLATES = "tests.floor.test_receive_plates"
COUNTS_MOMENT = "tests.services.test_counts_moment"
COUNTS_PLANS = "tests.services.test_counts_plans"
DUE = [
    *(f"A{number}" for number in range(1, 12)),
    *(f"B{number}" for number in range(1, 12)),
    *(f"C{number}" for number in range(1, 11)),
    *(f"D{number}" for number in range(1, 9)),
    *(f"E{number}" for number in range(1, 7)),
    *(f"F{number}" for number in (1, 2, *range(4, 13), 14)),
]
PROOFS: dict[str, tuple[tuple[str, str], ...]] = {
    "A1": ((BURSTS, "test_a_thousand_codes_in_one_write_arrive_exactly_and_in_order"),),
    "A2": (
        (BURSTS, "test_every_ending_ends_one_code"),
        (BURSTS, "test_a_scanner_without_ending_is_heard_after_silence"),
        (TERMINAL + "test_wedge", "test_every_code_of_a_burst_arrives_once_and_in_order"),
        (TERMINAL + "test_wedge", "test_codes_between_start_and_end_of_text_arrive"),
    ),
    "A3": ((SCANS, "test_a3_lot_and_serial_stay_apart_however_the_device_writes_the_separator"),),
    "A4": (
        (FLOOR + "test_pty_pick", "test_an_item_scanned_at_the_menu_opens_its_card_and_escape_leads_back"),
        (SCANS, "test_a4_a_code_at_the_menu_opens_its_card_and_no_entry_of_the_menu"),
        (BURSTS, "test_a_code_on_a_menu_chooses_nothing"),
    ),
    "A5": ((BURSTS, "test_a_scan_answers_no_question_and_a_digit_does"),),
    "A6": (
        (SCANS, "test_a6_digits_that_a_person_types_are_a_manual_entry"),
        (BURSTS, "test_typing_and_enter_is_a_manual_entry"),
    ),
    "A7": ((SCANS, "test_a7_two_codes_in_one_trigger_are_two_answers"),),
    "A8": ((SCANS, "test_a8_a_double_read_confirms_nothing_and_counts_where_units_are_counted"),),
    "A9": (
        (SCANS, "test_a9_scans_are_echoed_while_a_commit_stalls_and_done_in_order_after_it"),
        (BURSTS, "test_scans_are_echoed_while_the_store_stalls_and_answered_in_order_after_it"),
    ),
    "A10": ((SCANS, "test_a10_every_source_has_the_same_effect_on_the_ledger"),),
    "A11": (
        (SCANS, "test_a11_f2_shows_the_last_fifty_frames_whole"),
        (TERMINAL + "test_screens", "test_the_scanner_test_shows_bytes_and_what_to_set_and_books_nothing"),
        (TERMINAL + "test_sources", "test_the_log_keeps_the_last_fifty_and_shows_controls"),
    ),
    "B1": ((RECEIVE_PLATES, "test_b1_the_second_pallet_of_a_label_needs_one_scan"),),
    "B2": ((RECEIVE_PLATES, "test_b2_lot_and_expiry_come_in_any_order"),),
    "B3": ((RECEIVE_BINS, "test_b3_nothing_is_received_before_it_is_counted"),),
    "B4": (
        (RECEIVE_BINS, "test_b4_over_tolerance_is_refused_and_a_supervisor_may_allow_it"),
        (RECEIVE_BINS, "test_units_beyond_the_order_but_within_tolerance_are_told"),
    ),
    "B5": ((RECEIVE_PLATES, "test_b5_another_expiry_of_a_known_lot_is_refused_and_a_missing_one_is_taken_from_it"),),
    "B6": (
        (RECEIVE_PLATES, "test_b6_expired_and_short_dated_lots_are_refused"),
        (RECEIVE_BINS, "test_b6_a_supervisor_may_allow_a_short_dated_lot"),
    ),
    "B7": ((RECEIVE_PLATES, "test_b7_a_serial_in_stock_is_refused_with_its_place"),),
    "B8": (
        (RECEIVE, "test_b8_an_unexpected_item_is_kept_on_the_exception_list"),
        (RECEIVE, "test_b8_a_blind_receipt_is_kept_on_the_exception_list"),
    ),
    "B9": ((PUTAWAY, "test_b9_the_proposed_bin_says_why_and_another_one_costs_a_digit"),),
    "B10": ((PUTAWAY, "test_b10_split_merge_skip_and_cancel_at_every_step"),),
    "B11": (
        (PUTAWAY, "test_b11_an_unknown_barcode_is_learned_in_place"),
        (RECEIVE, "test_b11_a_supervisor_teaches_an_unknown_code_in_place"),
    ),
    "C1": (
        (PICK, "test_two_lines_at_one_bin_ask_for_the_bin_once"),
        (CLUSTERS, "test_p4_three_orders_are_picked_in_one_walk_by_twenty_scans_and_one_key"),
    ),
    "C2": (
        (PICK, "test_a_later_lot_is_refused_with_the_earlier_one_and_its_bin"),
        (PICK, "test_an_earlier_lot_than_proposed_is_taken_silently"),
    ),
    "C3": (
        (PICK, "test_right_bin_right_item_right_tote_are_three_scans_a_line_and_no_key"),
        (PICK, "test_p5_wrong_bin_wrong_item_wrong_tote_short"),
    ),
    "C4": ((PICK, "test_p5_wrong_bin_wrong_item_wrong_tote_short"),),
    "C5": (
        (PICK, "test_p5_wrong_bin_wrong_item_wrong_tote_short"),
        (PICK, "test_a_short_pick_goes_on_in_another_bin_and_says_so_before_it_is_saved"),
    ),
    "C6": (
        (FLOOR + "test_substitutes", "test_a_substitute_is_picked_and_shipped_on_the_same_line"),
        (FLOOR + "test_substitutes", "test_without_a_rule_or_stock_the_rest_stays_open"),
    ),
    "C7": (
        (PICK, "test_p5_wrong_bin_wrong_item_wrong_tote_short"),
        (PICK, "test_a_full_tote_is_changed_in_the_middle_of_a_line"),
        (CLUSTERS, "test_a_shipment_is_not_taken_back_into_a_tote_that_holds_another_order"),
    ),
    "C8": (
        (PICK, "test_the_second_order_takes_the_rest_of_the_earliest_lot_and_checks_the_empty_bin_once"),
        (PICK, "test_a_bin_that_is_not_empty_after_all_is_counted"),
    ),
    "C9": (
        (
            FLOOR + "test_replenish",
            "test_a_pick_below_the_minimum_asks_for_one_replenishment_and_the_fork_lift_fills_the_bin",
        ),
    ),
    "C10": ((PICK, "test_a_case_code_adds_its_quantity_and_is_refused_beyond_what_remains"),),
    "D1": (
        (COUNT, "test_the_book_is_told_to_no_operator_and_in_no_event_before_the_count_is_decided"),
        (COUNT, "test_looking_something_up_in_the_middle_of_a_bin_tells_no_quantity"),
        (FLOOR + "test_pty_p6", "test_p6_blind_count_tolerance_recount_and_approval"),
    ),
    "D2": ((COUNT_PLANS, "test_picks_before_and_after_the_line_was_counted_are_no_variance"),),
    "D3": (
        (COUNT, "test_p6_a_blind_count_a_recount_by_another_badge_and_an_approval"),
        (FLOOR + "test_pty_p6", "test_p6_blind_count_tolerance_recount_and_approval"),
        (COUNTS, "test_a_second_disagreement_is_a_supervisors"),
    ),
    "D4": (
        (COUNT, "test_the_lot_is_asked_and_an_unexpected_item_and_lot_are_added"),
        (COUNT, "test_an_empty_bin_is_one_key"),
    ),
    "D5": ((COUNT, "test_what_was_not_scanned_is_gone_or_was_left_out"),),
    "D6": (
        (COUNT_PLANS, "test_supervisors_plan_by_bins_by_aisle_by_class_and_by_suspicion"),
        (CLUSTERS, "test_a_worker_who_leaves_a_bin_that_is_due_may_count_it_by_one_key"),
        (COUNTS_PLANS, "test_a_class_is_due_again_a_month_a_quarter_a_year_after_its_last_count"),
    ),
    "D7": (
        (COUNT_PLANS, "test_limits_of_a_worker"),
        (COUNTS, "test_limits_of_the_worker_decide_what_needs_approval"),
    ),
    "D8": (
        ("tests.api.test_cycle_counts", "test_completing_twice_posts_nothing"),
        (FLOOR + "test_pty_p6", "test_p6_blind_count_tolerance_recount_and_approval"),
        (COUNTS_MOMENT, "test_completing_again_posts_nothing"),
    ),
    "E1": (
        (FLOOR + "test_pty_p7", "test_p7_a_transfer_in_two_steps_with_a_loss"),
        (FLOOR + "test_transfer", "test_p7_a_transfer_in_two_steps_with_a_loss"),
    ),
    "E2": (
        (MOVE, "test_e2_a_whole_bin_moves_by_two_scans_and_comes_back"),
        (MOVE, "test_e2_a_license_plate_moves_by_two_scans_with_all_that_is_on_it"),
        (MOVE, "test_e2_an_item_moves_by_three_scans_and_a_typed_or_scanned_quantity"),
    ),
    "E3": (
        (WASTE, "test_e3_waste_is_bin_item_quantity_and_one_digit_with_the_lot_inferred"),
        (WASTE, "test_the_six_reasons_have_the_digits_one_to_six"),
    ),
    "E4": (
        (FLOOR + "test_pty_p8", "test_p8_waste_quarantine_undo"),
        (WASTE, "test_e4_a_lot_on_hold_disappears_from_planned_picks_at_once"),
        (WASTE, "test_e4_a_lot_on_hold_is_promised_to_nobody"),
    ),
    "E5": ((FLOOR + "test_returns", "test_unit_by_unit_in_the_condition_that_its_key_says"),),
    "E6": (
        (FLOOR + "test_produce", "test_a_batch_from_its_label_to_the_label_of_its_lot"),
        (FLOOR + "test_pty_produce", "test_e6_a_batch_at_the_real_program"),
    ),
    "F1": (
        (FLOOR + "test_pty_kills", "test_a_killed_terminal_resumes_its_step"),
        (FLOOR + "test_pty_p10", "test_typed_digits_come_back_after_a_kill_even_under_a_card"),
    ),
    "F2": (
        (UNDO, "test_a_receipt_is_shown_and_taken_back"),
        (UNDO, "test_a_receipt_that_was_put_away_names_what_came_later"),
        (UNDO, "test_twenty_acts_and_no_more"),
    ),
    "F4": (
        (FLOOR + "test_last_unit", "test_two_stations_fight_for_the_last_unit_of_a_bin"),
        (FLOOR + "test_pick_last_unit", "test_two_stations_fight_for_the_last_unit_of_a_lot"),
    ),
    "F5": (
        (FLOOR + "test_pty_small", "test_f5_five_flows_show_what_to_do_and_what_was_heard_at_once"),
        (FLOOR + "test_pty_small", "test_f5_six_rows_of_sixteen_are_enough_to_look_something_up"),
        (TERMINAL + "test_screens", "test_a_step_its_verdict_and_its_question_are_seen_whole"),
    ),
    "F6": (
        (FEEDBACK, "test_f6_three_levels_differ_in_sound_colour_and_word"),
        (FEEDBACK, "test_f6_without_colours_the_mark_and_the_code_are_still_there"),
        (FEEDBACK, "test_f6_a_refusal_stays_until_enter_or_the_next_scan"),
        (TERMINAL + "test_station", "test_an_answer_stays_through_a_look_and_goes_with_enter"),
        (TERMINAL + "test_station", "test_sounds_tell_the_levels_apart"),
    ),
    "F7": (
        (FLOOR + "test_inquiry", "test_a_detour_returns_to_the_same_step_with_what_was_entered"),
        (FLOOR + "test_pty_pick", "test_a_detour_in_the_middle_of_a_pick_comes_back_to_what_was_entered"),
    ),
    "F8": (
        (SIGN_OFF, "test_a_break_keeps_the_step_and_what_is_held"),
        (SIGN_OFF, "test_the_end_of_a_shift_sets_the_work_free"),
        (SIGN_OFF, "test_another_badge_takes_the_station_over_after_a_digit"),
    ),
    "F9": (
        (SIGN_OFF, "test_the_language_changes_at_any_step_and_stays_with_the_badge"),
        (FLOOR + "test_verdicts", "test_the_page_lists_every_code_with_its_words_and_no_other"),
    ),
    "F10": ((FLOOR + "test_pty_desk", "test_f10_the_desk_shows_who_works_where_on_what"),),
    "F11": (
        (LABELS, "test_f11_one_key_prints_any_card"),
        (LABELS, "test_f11_a_failed_print_is_told_at_the_next_look_and_blocks_nothing"),
    ),
    "F12": (
        ("tests.api.test_access", "test_scopes_open_exactly_their_operations"),
        (FLOOR + "test_admin", "test_an_operator_has_no_administration"),
        (FLOOR + "test_admin", "test_no_screen_of_an_operator_speaks_of_cost"),
        (FLOOR + "test_desk", "test_an_operator_finds_no_desk"),
    ),
    "F14": (
        (SIGN_OFF, "test_every_step_is_logged_with_what_it_did_and_never_what_was_entered"),
        ("tests.services.test_stopwatch", "test_a_shift_is_summed_per_worker_and_flow"),
        ("tests.services.test_stopwatch", "test_the_command_prints_what_the_service_says"),
    ),
}
PROVED = [(row, module, name) for row, tests in PROOFS.items() for module, name in tests]


def test_every_row_has_a_proof() -> None:
    assert list(PROOFS) == DUE
    assert all(PROOFS.values())


@pytest.mark.parametrize(("row", "module", "name"), PROVED, ids=[f"{row}-{name}" for row, _, name in PROVED])
def test_the_proof_of_a_row_exists_and_names_it(row: str, module: str, name: str) -> None:
    proof = getattr(importlib.import_module(module), name)
    assert re.search(rf"(^|[\s,;(]){row}[,:]", proof.__doc__ or "")
