//! The paths that SkillNet and LeetTrack share: SkillNet's `detail` and `code`, or its field map, with LeetTrack's
//! `status`, `message` and `error` beside them (contract of SkillNet, section 1, "Shared paths").

use super::{Refusal, leettrack, skillnet};
use crate::error::Error;

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let (mut both, leettrack) = (skillnet::body(error, request), leettrack::body(error, request));
    if let (Some(both), Some(leettrack)) = (both.as_object_mut(), leettrack.as_object()) {
        for (name, value) in leettrack {
            both.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Refusal::json(super::status_400(error.kind), both)
}
