//! The second factor: on, off, and what gets its owner in when the authenticator is lost.

use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::auth::Member;
use shared::http::{Body, Created, Json, NoContent};
use shared::{App, Error, Result};

use crate::password::Proof;
use crate::second_factor;

/// Whether the caller's second factor is on.
#[derive(Serialize, JsonSchema)]
pub struct SecondFactorView {
    on: bool,
    /// Since when.
    since: Option<DateTime<Utc>>,
    /// How many recovery codes have not been used yet.
    recovery_codes_left: usize,
}

/// Tells the caller whether their second factor is on.
pub async fn show(by: Member, State(app): State<App>) -> Result<Json<SecondFactorView>> {
    let factor = second_factor::of(&app, by.id()).await?;
    Ok(Json(SecondFactorView {
        on: by.account.second_factor,
        since: factor.as_ref().and_then(|factor| factor.confirmed_at),
        recovery_codes_left: factor.map_or(0, |factor| factor.recovery.len()),
    }))
}

/// The caller's password.
#[derive(Deserialize, JsonSchema)]
pub struct Password {
    password: String,
}

/// A secret for an authenticator, in three forms.
#[derive(Serialize, JsonSchema)]
pub struct SecretView {
    /// To be typed, base32.
    secret: String,
    /// To be opened, `otpauth://…`.
    otpauth_url: String,
    /// To be photographed: the same address as a QR code.
    qr_svg: String,
}

/// Gives the caller a secret for their authenticator. Nothing is asked of them before its first code was confirmed,
/// within an hour.
pub async fn begin(
    by: Member,
    State(app): State<App>,
    Body(Password { password }): Body<Password>,
) -> Result<Created<SecretView>> {
    second_factor::must_be_off(&by.account)?;
    let proof = prove(&app, &by, password).await?;
    let factor = second_factor::begin(&app, &by, proof).await?;
    let otpauth_url = second_factor::address(&factor, &by.account);
    let qr_svg = second_factor::picture(&otpauth_url)?;
    Ok(Created(SecretView { secret: factor.secret, otpauth_url, qr_svg }))
}

/// A code from the authenticator, or one for recovery.
#[derive(Deserialize, JsonSchema)]
pub struct Code {
    code: String,
}

/// Codes that get their owner in without the authenticator, each once.
#[derive(Serialize, JsonSchema)]
pub struct RecoveryCodesView {
    /// To be kept in a safe place: they are not shown again.
    recovery_codes: Vec<String>,
}

/// Switches the caller's second factor on: from now on they sign in with a code besides their password, in a field of
/// its own or typed directly behind it.
pub async fn confirm(
    by: Member,
    State(app): State<App>,
    Body(Code { code }): Body<Code>,
) -> Result<Json<RecoveryCodesView>> {
    let recovery_codes = second_factor::confirm(&app, &by, &code).await?.ok_or_else(wrong_code)?;
    Ok(Json(RecoveryCodesView { recovery_codes }))
}

/// The caller's password and a code.
#[derive(Deserialize, JsonSchema)]
pub struct Removal {
    password: String,
    /// From the authenticator, or for recovery.
    code: String,
}

/// Switches the caller's second factor off.
pub async fn remove(
    by: Member,
    State(app): State<App>,
    Body(Removal { password, code }): Body<Removal>,
) -> Result<NoContent> {
    second_factor::must_be_on(&by.account)?;
    let proof = prove(&app, &by, password).await?;
    if second_factor::remove(&app, &by, proof, &code).await? { Ok(NoContent) } else { Err(wrong_code()) }
}

/// Gives the caller new recovery codes. Those that they had are void.
pub async fn renew(
    by: Member,
    State(app): State<App>,
    Body(Code { code }): Body<Code>,
) -> Result<Json<RecoveryCodesView>> {
    let recovery_codes = second_factor::renew(&app, &by, &code).await?.ok_or_else(wrong_code)?;
    Ok(Json(RecoveryCodesView { recovery_codes }))
}

async fn prove(app: &App, by: &Member, password: String) -> Result<Proof> {
    if by.account.password.is_none() {
        return Err(Error::conflict("no_password", "You have no password yet. Set one first."));
    }
    let proof = Proof::by_password(app, by, password).await?;
    proof.ok_or_else(|| Error::invalid_field("password", "This is not your password."))
}

fn wrong_code() -> Error {
    Error::invalid_field("code", "This code is not right, or was used before.")
}
