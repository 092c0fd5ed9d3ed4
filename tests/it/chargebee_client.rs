//! The Chargebee client against small HTTP servers that answer what a test says, faults included.
#![cfg(feature = "sandbox")]

mod calls;
mod faults;
mod lists;
mod offers;
mod pdf;
pub mod peer;
mod records;
mod sandbox;
mod secrets;
mod writing;
