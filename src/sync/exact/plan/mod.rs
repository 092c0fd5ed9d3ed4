//! Decisions of the engine, pure: what to do with a customer, an item or a document, given what is known. No call is made
//! here, so that most of the engine's tests need no server.

pub mod adoption;
pub mod customer;
pub mod item;
