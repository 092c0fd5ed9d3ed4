//! The laws of the books: entries as an accountant would write them, and what holds for every invoice whatsoever.
//! Design §6; invariants I2, I3, I5, I8. Every entry is stated whole: head, journal, period, and each line with account, net,
//! VAT, VAT code, dimensions, `From` and `To`, and description. That those of payments are, stands in `accounting_payments`.
//!
//! | rule of design §6 | its rows |
//! |---|---|
//! | head: date, reference, due date, condition | `heads::the_head_is_the_documents` |
//! | identity | `heads::a_document_is_known_by_what_it_says_e24`, `engine::ledger::e24_n7_a_document_made_again_leaves_the_first_entry` |
//! | what is remembered | `engine::ledger::what_was_booked_is_remembered_whole` |
//! | lines: one each, split by rate, untaxed rest, discounts, inclusive prices, halves, rounding | `tables::lines_split_and_sum_as_written` |
//! | lines: taxes on one base, what does not add up | `holds::taxes_stacked_on_one_base_are_held`, `holds::what_does_not_add_up_is_held`, `holds::rounding_needs_its_account_and_code` |
//! | discounts: net, or a line with its line's code, dimensions and range | `coupons::a_discount_is_taken_net`, `coupons::a_coupon_is_booked_apart`, `tables::a_discount_takes_the_range_and_dimensions_of_its_line` |
//! | VAT code | `tables::the_vat_code_follows_place_person_and_rate`, `choices::the_vat_code_is_that_of_the_closest_row` |
//! | VAT code that does not fit, number that does not pass | `holds::what_is_wrong_in_rules_or_books_is_named`, `holds::each_hold_names_value_and_remedy` |
//! | deferral: `From` and `To`, one-off charges, which ranges are sent | `tables::service_periods_become_ranges`, `moved::the_days_that_are_sent` |
//! | deferral: a period that does not exist, the switches | `moved::a_year_from_march_on`, `periods::holds_dissolve_when_the_year_is_opened`, `rules::deferral_is_switched_by_policy_and_rule` |
//! | deferral: shares by period and by day | `credits::a_year_is_credited`, `reversals::a_credit_gives_back_what_was_released_and_turns_the_rest_e21` |
//! | deferral: not configured in the books | `engine::deferral::where_revenue_is_not_spread_one_entry_shows_it_and_the_other_deferred_ones_wait` |
//! | closed periods, per journal; nothing left; the original range | `moved::a_year_from_march_on`, `moved::the_days_that_are_sent` |
//! | closed periods: policy `Hold` | `periods::the_policy_hold_holds_both`, `reversals::under_the_policy_hold_a_credit_of_a_closed_month_waits` |
//! | credit note: as booked, deferral follows, proration, part, unlinked | `credits::a_year_is_credited`, `credits::an_invoice_whose_revenue_was_moved_is_credited_as_it_was_booked_e21`, `credits::a_proration_credit_has_its_own_period_within_the_invoices`, `credits::half_a_credit_takes_its_half_and_the_second_half_what_is_left`, `credits::account_code_and_dimensions_are_the_booked_ones_whatever_the_rules_say_today`, `credits::a_note_without_an_invoice_is_ruled_like_one` |
//! | credit note: releases cancel, nothing is left | `credit_properties::once_all_is_credited_nothing_is_left_and_releases_cancel` |
//! | write-off | `credits::a_write_off_has_an_account_of_its_own_and_leaves_the_revenue_where_it_is` |
//! | void: mirror, note, never booked | `reversals::a_void_gives_back_all_that_is_left`, `reversals::a_void_turns_every_line_at_the_rate_that_was_booked`, `engine::ledger::e25_a_void_is_given_back_once`, `engine::ledger::e25_a_void_before_the_first_run_is_nothing` |
//! | cost centre and unit; mandatory ones | `choices::cost_centre_and_unit_by_country_family_and_year_e20`, `rules::the_year_is_that_of_the_entry_or_of_the_service`, `holds::what_is_wrong_in_rules_or_books_is_named` |
//! | not booked; nets to zero; foreign currency | `holds::nothing_to_book_is_no_error`, `tables::lines_split_and_sum_as_written`, `currency::the_rate_is_stated_only_where_it_means_something`, `tables::yen_have_no_cents` |
//! | startDate, and what credits an earlier document | `heads::the_start_date_begins_at_midnight_of_the_connection`, `engine::ledger::a_credit_of_an_invoice_from_before_the_start_is_ruled_by_itself` |
//! | merged customers | `engine::dissolving::n6_the_survivor_of_an_account_with_entries_is_followed`, `engine::dissolving::n6_documents_of_a_merged_account_without_entries_are_held_until_a_person_tells_the_survivor` |
//!
//! | row | its tests |
//! |---|---|
//! | E3 | `credits::one_note_may_credit_several_invoices`, `engine::ledger::e3_e21_a_credit_note_gives_back_what_was_released_and_the_rest_as_it_comes` |
//! | E8 | `choices::the_revenue_goes_where_the_most_specific_rule_says_e8`, `engine::ledger::e8_a_rule_of_one_company_is_no_rule_of_the_other`, `rules::a_tie_is_an_error_that_names_both` |
//! | E9 | `choices::a_coupon_has_its_own_account_or_none_e9`, `credits::a_discount_that_has_lines_of_its_own_is_given_back_on_them_e9` |
//! | E16 | `heads::e16_paid`, `engine::ledger::e2_e16_e18_an_invoice_is_booked_and_its_payment_changes_nothing` |
//! | E18 | `moved::nothing_is_closed_e18`, `engine::ledger::e2_e16_e18_an_invoice_is_booked_and_its_payment_changes_nothing` |
//! | E19 | `moved::both_move_e19`, `credits::a_credit_dated_in_a_closed_month_moves_and_its_start_with_it_e19` |
//! | E20 | `choices::cost_centre_and_unit_by_country_family_and_year_e20` |
//! | E21 | `reversals::a_credit_gives_back_what_was_released_and_turns_the_rest_e21` |
//! | E24 | `engine::ledger::e24_n7_a_document_made_again_leaves_the_first_entry` |
//! | E25 | `engine::ledger::e25_a_void_is_given_back_once` |
//! | E33 | `engine::ledger::e33_each_company_books_its_own` |
//! | E34 | `api_manifests::editions::more_entities_than_an_edition_has_run_nothing_and_the_condition_says_so_e33_e34`, `api_manifests::editions::starter_has_no_payments_in_either_direction_e5_e34` |
//! | P5 | `heads::a_mapped_field_stands_on_the_entry_p5`, `sales_invoices::a_field_that_sales_invoices_lack_is_left_out_and_told_p5` |
//! | P6 | `sales_invoices::every_line_sells_an_item`, `engine::ledger::p6_an_entry_with_its_pdf_and_a_sales_invoice_are_the_same_books` |
//! | N7 | `engine::ledger::e24_n7_a_document_made_again_leaves_the_first_entry` |
//! | N9 | `engine::ledger::n9_a_change_of_a_booked_line_is_told_and_never_rewritten` |

mod bills;
mod choices;
mod coupons;
mod credit_properties;
mod credit_world;
mod credits;
mod currency;
mod heads;
mod holds;
mod index;
mod judging;
mod moved;
mod note_void_properties;
mod note_voids;
mod own_fields;
mod periods;
mod properties;
mod releases;
mod reversals;
mod rules;
mod sales_invoices;
mod store_credits;
mod tables;
mod world;
pub(crate) mod written;
