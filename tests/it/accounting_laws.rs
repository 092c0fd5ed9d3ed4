//! The laws of the books: entries as an accountant would write them, and what holds for every invoice whatsoever.
//! Design §6; invariants I2, I3, I5, I8.

mod coupons;
mod credit_properties;
mod credit_world;
mod credits;
mod currency;
mod holds;
mod judging;
mod note_void_properties;
mod note_voids;
mod own_fields;
mod periods;
mod properties;
mod rules;
mod sales_invoices;
mod tables;
mod world;
