//! The whole cloud in one process: what `cargo run` starts, and what the tests drive by hand.
//!
//! Read in this order: [`template`] (what `template.yaml` says), [`cloud`] (which ties everything together),
//! [`functions`] (who answers an event), then the two ways in and the way onwards. In: [`gateway`] turns HTTP requests
//! and socket frames into Lambda events. Onwards: [`stream`] feeds the table's changes to a function, [`bus`] sorts
//! its events into queues, [`queues`] feeds those to workers, [`schedules`] starts jobs. [`dynamo`] and [`state`] keep
//! things; [`endpoints`] are the AWS services that functions call; [`pages`] shows it all in a browser.

pub mod bus;
pub mod cloud;
pub mod delivery;
pub mod dynamo;
pub mod endpoints;
pub mod functions;
pub mod gateway;
pub mod pages;
pub mod queues;
pub mod samconfig;
pub mod schedules;
pub mod state;
pub mod stream;
pub mod template;
pub mod uuids;

pub use cloud::{Cloud, Options, Pumps, Storage};
pub use delivery::Delivery;
