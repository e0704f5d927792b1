//! The vocabulary and the plumbing that every slice of Guildhall stands on.
//!
//! Read in this order: [`app`] (what a handler is given), [`http::routes`] (how a request finds its handler),
//! [`auth::extract`] (who is calling), [`store`] (what is kept, and under which key), [`events`] (what happens
//! afterwards). An arrow never runs from here to a slice.

pub mod app;
pub mod audit;
pub mod auth;
mod aws;
pub mod boards;
pub mod clearing;
pub mod clock;
pub mod coding;
pub mod config;
pub mod dialect;
pub mod error;
pub mod events;
pub mod graph;
pub mod http;
pub mod ids;
pub mod joining;
pub mod lambda;
pub mod leaving;
pub mod live;
pub mod mail;
pub mod media;
pub mod members;
pub mod meter;
pub mod model;
pub mod notices;
pub mod outbound;
pub mod platforms;
pub mod profile;
pub mod queue;
pub mod reports;
pub mod seal;
pub mod stats;
pub mod stopping;
pub mod store;
pub mod talk;
pub mod things;
pub mod visibility;

pub use app::App;
pub use error::{Error, Result};
