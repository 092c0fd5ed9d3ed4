//! What the accounting makes of payments, refunds and reversals (E5, E7, P11): the entries that an accountant would write,
//! whole: form, journal, date, period, currency, control account, and each line with account, customer, `OurRef`, amount and
//! description.
//!
//! | rule of design §6, Payments | its rows |
//! |---|---|
//! | one line per invoice, exact amount, `OurRef`; parts and excess; documents from before the start | `tables::payments_e5` |
//! | the control account's journal | `tables::the_closest_row_names_journal_and_control_account_e7`, `tables::a_payment_in_cash_of_a_machine_goes_into_the_cash_journal` |
//! | refunds | `tables::refunds_e5`, `tables::a_chargeback_recorded_as_a_refund_goes_out_where_its_payment_came_in` |
//! | reversals and failures | `tables::a_chargeback_takes_the_booked_lines_back`, `tables::a_late_failure_reopens_the_receivable_on_the_day_it_was_known`, `tables::a_refund_that_fails_comes_back`, `tables::a_chargeback_of_a_payment_from_before_the_start_goes_by_the_rules` |
//! | fees | `tables::the_fee_comes_out_of_the_control_account_e5`, `tables::a_chargeback_takes_no_fee_back` |
//! | dates and closed periods | `tables::a_payment_is_booked_on_its_day_or_in_the_next_open_month`, `holds::a_closed_period_of_the_payments_journal_moves_or_holds_i3` |
//! | foreign currency | `tables::a_foreign_payment_states_its_rate` |
//! | offline ones are never booked | `rules::only_money_that_moved_online_is_booked_i4` |
//! | what is held | `holds::a_payment_is_held`, `holds::rules_and_books_hold_a_payment` |
//! | money of the books: what is recorded of it | `accounting::receipts::tests::stated::what_the_billing_system_records_p15`, `accounting::receipts::tests::table::what_is_recorded` |
//! | receivables closed in another way; what is unclear | `accounting::receipts::tests::table::what_koppel_or_a_credit_note_closed_never_becomes_money_i4`, `accounting::receipts::tests::later::what_is_unclear_leaves_alone_what_is_recorded` |
//!
//! | row | its tests |
//! |---|---|
//! | E5 | `tables::payments_e5`, `engine::ledger::money::e5_a_payment_that_fails_later_is_taken_back` |
//! | E6 | `engine::ledger::money::e6_p15_an_invoice_paid_by_bank_in_exact_closes_in_chargebee` |
//! | E7 | `tables::the_closest_row_names_journal_and_control_account_e7` |
//! | P11 | `engine::ledger::money::e5_e7_p11_a_card_payment_is_booked_on_its_control_account_and_matched` |
//! | P15 | `engine::ledger::money::e6_p15_an_invoice_paid_by_bank_in_exact_closes_in_chargebee` |

mod holds;
mod properties;
mod rules;
mod tables;
mod world;
