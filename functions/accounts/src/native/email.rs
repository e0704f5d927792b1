//! The confirmation of addresses.

use axum::extract::State;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::auth::{Member, codes};
use shared::http::notice::{Form, Notice, wants_page};
use shared::http::{Accepted, Body, Html, Json, Query};
use shared::model::code::Purpose;
use shared::{App, Result};

use super::{StatusView, Told};
use crate::email;

/// What a link in a letter carries.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    /// The code from the letter.
    pub code: String,
}

/// Shows a page with a button. Opening the link changes nothing: programs that look into letters open links, too.
pub async fn ask_to_confirm(State(app): State<App>, Query(Code { code }): Query<Code>) -> Result<Html> {
    page(&app, &code).await
}

/// The page with a button for whoever has this code.
pub async fn page(app: &App, code: &str) -> Result<Html> {
    if codes::look_up(app, Purpose::ConfirmEmail, code).await?.is_ok() {
        let text = "You gave this address to Guildhall. Confirm that it is yours, and we will send letters to it.";
        let form = Form { action: "/v1/email/confirm", code, button: "Confirm this address" };
        Notice { title: "Confirm your address", text, form: Some(form) }.show()
    } else {
        let text = "This link is no longer valid. If your address is not confirmed yet, ask for a new letter.";
        Notice { title: "Too late", text, form: None }.show()
    }
}

/// Confirms an address for whoever has the code from the letter.
pub async fn confirm(State(app): State<App>, headers: HeaderMap, Body(Code { code }): Body<Code>) -> Result<Told> {
    email::confirm(&app, &code).await?;
    if wants_page(&headers) {
        let text = "Thank you. You can close this page.";
        return Notice { title: "Address confirmed", text, form: None }.show().map(Told::Page);
    }
    Ok(Told::Data(Json(StatusView { status: "confirmed" })))
}

/// Sends the caller the letter again that asks to confirm their address.
pub async fn ask_again(by: Member, State(app): State<App>) -> Result<Accepted<StatusView>> {
    email::ask_again(&app, &by).await?;
    Ok(Accepted(StatusView { status: "sent" }))
}
