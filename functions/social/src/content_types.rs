//! How Sukuwatto names things: by a content type and an id (its contract, section 1.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::http::{Field, Json, Query};
use shared::ids;
use shared::model::thing::{Kind, Thing};

/// Every kind with its number, which stays what it is, the part of the product that it is of, and its name.
const CONTENT_TYPES: [(i64, &str, &str, Kind); 7] = [
    (1, "users", "customuser", Kind::Member),
    (2, "posts", "post", Kind::Post),
    (3, "posts", "comment", Kind::Comment),
    (4, "workouts", "workout", Kind::Workout),
    (5, "workouts", "plan", Kind::Plan),
    (6, "workouts", "exercise", Kind::Exercise),
    (7, "users", "userbiodata", Kind::Measurement),
];

/// The kind that a number stands for.
pub fn kind(content_type: i64) -> Option<Kind> {
    CONTENT_TYPES.iter().find(|(id, ..)| *id == content_type).map(|(.., kind)| *kind)
}

/// The number that stands for a kind.
pub fn number(kind: Kind) -> i64 {
    CONTENT_TYPES.iter().find(|(.., known)| *known == kind).map_or(0, |(id, ..)| *id)
}

/// Which content types.
#[derive(Deserialize, JsonSchema)]
pub struct Filter {
    /// Only the one with this name.
    #[serde(default)]
    model: Option<String>,
}

/// A sort of things that can be named.
#[derive(Serialize, JsonSchema)]
pub struct ContentTypeView {
    id: i64,
    app_label: &'static str,
    model: &'static str,
}

/// Shows anyone what sorts of things can be named, and by which numbers.
pub async fn list(Query(filter): Query<Filter>) -> Json<Vec<ContentTypeView>> {
    let wanted = |model: &str| filter.model.as_deref().is_none_or(|wanted| wanted == model);
    let views = CONTENT_TYPES.iter().filter(|(_, _, model, _)| wanted(model));
    Json(views.map(|(id, app_label, model, _)| ContentTypeView { id: *id, app_label, model }).collect())
}

/// A thing, as a query or a body names it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Named {
    /// The number of its content type.
    #[schemars(with = "Option<i64>")]
    content_type_id: Field<i64>,
    /// Its id.
    #[schemars(with = "Option<i64>")]
    object_id: Field<String>,
}

/// What a name turns out to be.
pub enum Meaning {
    /// No such content type, or none at all.
    Nothing,
    /// Something of this kind, with an id that nothing has.
    Nobody(Kind),
    /// This thing; whether it is there is another question.
    Thing(Thing),
}

impl Named {
    /// What it names.
    pub fn meaning(self) -> Meaning {
        let Some(kind) = self.content_type_id.value().and_then(kind) else { return Meaning::Nothing };
        match self.object_id.value().and_then(|id| ids::parse(id.trim()).ok()) {
            Some(id) => Meaning::Thing(Thing { kind, id }),
            None => Meaning::Nobody(kind),
        }
    }
}
