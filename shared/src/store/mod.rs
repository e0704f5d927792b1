//! What is kept, and under which key.
//!
//! [`keys`] names every question; [`table`] has the verbs. A verb carries its condition: `create` fails if the item
//! exists, `change` if it is gone. Nothing else in Guildhall names the DynamoDB SDK.

pub mod keys;
pub mod table;
mod write;

pub use keys::{IndexKey, Key, Range};
pub use table::{Mixed, Page, Query, StoreError, Stored, Table, pause};
pub use write::{Change, Condition, Write};
