//! The engine against both sandboxes over HTTP: whatever is killed, lost, refused or changed behind its back, the
//! sandboxes' own books are the judge (design §5, §8).
#![cfg(feature = "sandbox")]

mod adoption;
mod catalogue;
mod changes;
mod customers;
mod deferral;
mod dissolving;
mod entities;
mod faults;
mod kills;
mod modes;
mod one_writer;
mod paused;
mod postgres;
mod process;
mod quotas;
mod refusals;
mod repeat;
mod world;
