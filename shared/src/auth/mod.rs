//! Who is calling: passwords, sessions, access tokens, the extractors, and the limits that guard them.

pub mod entry;
pub mod extract;
pub mod limits;
pub mod passwords;
pub mod roles;
pub mod sessions;
pub mod tokens;

pub use extract::{Administrator, Client, Member, Operator, Staff, Viewer};
