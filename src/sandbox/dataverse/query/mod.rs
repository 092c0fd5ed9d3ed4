//! Reading rows: the options of a query, filters, order, pages, expansion, and how rows look in JSON.

pub mod compile;
mod expand;
pub mod filter;
mod lexer;
mod list;
mod options;
mod page;
mod render;
mod tracking;

pub use list::{collection, count, single};
pub use options::Options;
pub use render::Renderer;
pub use tracking::{changes, count as count_changes};
