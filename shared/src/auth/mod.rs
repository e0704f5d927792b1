//! Who is calling: passwords, sessions, access tokens, the extractors, and the limits that guard them.

pub mod codes;
pub mod entry;
pub mod extract;
pub mod limits;
pub mod openid;
pub mod passwords;
pub mod refresh;
pub mod roles;
pub mod second_factor;
pub mod secrets;
pub mod sessions;
pub mod tokens;

pub use extract::{Administrator, Bearer, Beside, Client, Leaver, Member, Operator, Staff, Viewer};
