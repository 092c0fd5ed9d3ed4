//! The laws of the books: entries as an accountant would write them, and what holds for every invoice whatsoever.
//! Design §6; invariants I2, I3, I5, I8.

mod holds;
mod judging;
mod periods;
mod properties;
mod rules;
mod tables;
mod world;
