//! HTTP for slices: route tables, request bodies, replies, cookies, paging, and the description of it all.

pub mod body;
pub mod cookies;
pub mod describe;
pub mod field;
mod input;
pub mod multipart;
pub mod notice;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod path;
pub mod reply;
pub mod routes;
pub mod scroll;

pub use body::{Body, Query};
pub use field::Field;
pub use multipart::Upload;
pub use page::{Cursor, Numbered, NumberedView};
pub use path::Path;
pub use reply::{Accepted, Created, Html, Json, NoContent, Page, SeeOther, SetCookies, Tagged};
pub use routes::{Listing, Price, Purpose, Routes, Row};
pub use scroll::Scroll;
