//! Every test from outside: requests go through the template, the gateway and the Lambda event, in this process.
//!
//! One file per slice, and one per sweep over all of them. [`world`] is where a test lives.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing to unwrap has failed, and the line says where")]

mod access;
mod accounts;
mod admin;
mod attacks;
mod boards;
mod chat;
mod concurrency;
mod docs;
mod events;
mod faults;
mod files;
mod google;
mod hostile;
mod jobs;
mod leaderboards;
mod leettrack;
mod lockout;
mod mailer;
mod messages;
mod moto;
mod personal_data;
mod platforms;
mod prices;
mod recovery;
mod second_factor;
mod sessions;
mod skillnet;
mod social;
mod sukuwatto;
mod template;
mod tracker;
mod weekly;
mod world;
mod writing;
