//! Stored shapes and the values they are made of, a file per noun. Parsing is the only way to make a value.

pub mod account;
pub mod action;
pub mod code;
pub mod conversation;
pub mod export;
pub mod feed;
pub mod figures;
pub mod google;
pub mod interest;
pub mod job;
pub mod letter;
pub mod level;
pub mod name;
pub mod notice;
pub mod post;
pub mod profile;
pub mod relation;
pub mod report;
pub mod role;
pub mod score;
pub mod second_factor;
pub mod session;
pub mod skill;
pub mod socket;
pub mod thing;
pub mod upload;
