//! What the accounting makes of payments, refunds and reversals (E5, E7, P11): the entries that an accountant would write.

mod holds;
mod properties;
mod rules;
mod tables;
mod world;
