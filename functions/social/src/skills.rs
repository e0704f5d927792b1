//! What members are good at, in Sukuwatto's words (its contract, part S, sections 2.2 and 3.3).

use std::cmp::Reverse;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::auth::{Beside, Viewer};
use shared::dialect::sukuwatto::people::Named;
use shared::http::{Json, Numbered, NumberedView};
use shared::ids::MemberId;
use shared::members;
use shared::model::level::level;
use shared::model::skill::TrainedSkill;
use shared::store::{Query, keys};
use shared::{App, Result};

/// More skills than there are; they are sorted here.
const SKILLS: usize = 200;

/// Something that can be trained.
#[derive(Serialize, JsonSchema)]
pub struct SkillView {
    id: u64,
    name: String,
    /// What it makes of those who are best at it.
    class_name: String,
}

/// How far a member has come with a skill.
#[derive(Serialize, JsonSchema)]
pub struct UserSkillView {
    /// The skill's own: nobody has one twice.
    id: u64,
    experience: i64,
    level: u64,
    skill: SkillView,
    /// Whose.
    user: MemberId,
}

impl UserSkillView {
    fn of(trained: TrainedSkill) -> UserSkillView {
        let TrainedSkill { member, skill, name, class_name, experience } = trained;
        UserSkillView {
            id: skill,
            experience,
            level: level(experience),
            skill: SkillView { id: skill, name, class_name },
            user: member,
        }
    }
}

/// Lists what a member is good at, the best first, for whoever may see them.
pub async fn list(
    Beside(Viewer(by), named): Beside<Viewer, Named>,
    State(app): State<App>,
    numbered: Numbered,
) -> Result<Json<NumberedView<UserSkillView>>> {
    let range = keys::trained_skills(named.holder.unwrap_or(MemberId(0)));
    let (seen, skills) = tokio::join!(
        members::gate(&app, by.map(|by| by.id()), named.holder),
        app.table.query::<TrainedSkill>(Query::of(range, SKILLS)),
    );
    seen?;
    let mut skills = skills?.items;
    skills.sort_by_key(|skill| (Reverse(skill.experience), skill.skill));
    let place = numbered.place(skills.len(), SKILLS)?;
    let shown = skills.drain(place.rows.clone()).map(UserSkillView::of).collect();
    Ok(Json(numbered.view(&app, &place, shown)))
}
