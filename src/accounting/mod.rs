//! The rules of the books, pure: a billing document with the rulebook and the master data gives an entry, or the reason
//! to hold it; with the explanation of each choice. Same inputs, same entry (I8, N8).

pub mod context;
pub mod rulebook;
