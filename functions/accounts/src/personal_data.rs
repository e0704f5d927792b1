//! Asking for everything that is kept about oneself; the function `exporter` does the rest.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::auth::{Member, limits};
use shared::events::{Event, happened};
use shared::http::describe::{Describe, Operation};
use shared::http::{Created, Json};
use shared::model::export::{DataRequest, OPEN_FOR};
use shared::store::{Change, Condition, StoreError, Write, keys};
use shared::{App, Error, Result};

/// Requests per member and day: each collects and sends a lot.
const PER_DAY: u32 = 5;

/// What becomes of a request.
#[derive(Serialize, JsonSchema)]
pub struct AskedView {
    /// A sentence for people.
    detail: &'static str,
}

/// A request that was noted: a new one, or one that is open already.
pub enum Asked {
    /// It was opened now: 201.
    New,
    /// One is open: 202.
    Open,
}

impl IntoResponse for Asked {
    fn into_response(self) -> Response {
        match self {
            Asked::New => Created(AskedView { detail: "We collect your data and send it to you." }).into_response(),
            Asked::Open => {
                let view = AskedView { detail: "You have asked already. Your data is on its way." };
                (StatusCode::ACCEPTED, Json(view)).into_response()
            }
        }
    }
}

impl Describe for Asked {
    fn describe(operation: &mut Operation<'_>) {
        Created::<AskedView>::describe(operation);
        let schema = operation.schemas.view::<AskedView>();
        operation.answer(StatusCode::ACCEPTED, "application/json", schema);
    }
}

/// Asks for everything that is kept about the caller, to be sent to their confirmed address.
pub async fn ask(by: Member, State(app): State<App>) -> Result<Asked> {
    let member = by.id();
    if by.account.email.is_none() || !by.account.email_confirmed {
        let message = "Confirm your e-mail address first: that is where your data is sent.";
        return Err(Error::conflict("email_not_confirmed", message));
    }
    if app.table.get::<DataRequest>(keys::data_request(member)).await?.is_some() {
        return Ok(Asked::Open);
    }
    limits::take(&app, "personal-data", &member.to_string(), PER_DAY, Duration::days(1)).await?;
    let (request, now) = (app.new_export_id(), app.clock.now());
    // An earlier request that was never answered may still lie there after its end.
    let open = Change::of(keys::data_request(member))
        .or_create()
        .set("member", member)
        .set("request", request)
        .set("asked_at", now)
        .set("ttl", (now + OPEN_FOR).timestamp())
        .when(Condition::absent_or(Condition::less("ttl", now.timestamp() + 1)));
    let writes = vec![Write::change(open), happened(&app, Event::PersonalDataAsked { member, request })?];
    match app.table.together(writes).await {
        Ok(()) => Ok(Asked::New),
        // Somebody was quicker by a moment.
        Err(StoreError::Refused { write: 0, .. }) => Ok(Asked::Open),
        Err(error) => Err(error.into()),
    }
}
