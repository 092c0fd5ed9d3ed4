//! The laws of the books: entries as an accountant would write them, and what holds for every invoice whatsoever.
//! Design §6; invariants I2, I3, I5, I8.

mod coupons;
mod credit_properties;
mod credit_world;
mod credits;
mod currency;
mod holds;
mod judging;
mod own_fields;
mod periods;
mod properties;
mod releases;
mod rules;
mod sales_invoices;
mod store_credits;
mod tables;
mod world;
