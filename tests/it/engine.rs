//! The engine against both sandboxes over HTTP: whatever is killed, lost, refused or changed behind its back, the
//! sandboxes' own books are the judge (design §5, §8).
#![cfg(feature = "sandbox")]

mod adoption;
mod catalogue;
mod changes;
mod credits;
mod crm;
mod crm_back;
mod customers;
mod deferral;
mod dissolving;
mod drift;
mod entities;
mod faults;
mod fields;
mod interleaved;
mod issuing;
mod kills;
mod ledger;
mod modes;
mod offices;
mod one_writer;
mod paused;
mod payments;
mod pdf;
mod postgres;
mod process;
mod quotas;
mod receipts;
mod refusals;
mod releases;
mod repeat;
mod store_credits;
mod withdrawn;
mod world;
