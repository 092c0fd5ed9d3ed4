//! The engine against both sandboxes over HTTP: whatever is killed, lost, refused or changed behind its back, the
//! sandboxes' own books are the judge (design §5, §8).
#![cfg(feature = "sandbox")]

mod adoption;
mod dissolving;
mod faults;
mod kills;
mod one_writer;
mod process;
mod repeat;
mod world;
