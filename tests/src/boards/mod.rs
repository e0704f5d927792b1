//! Boards under test: an oracle that is slow and plainly right, and what is done to both.

pub mod model;
pub mod oracle;
