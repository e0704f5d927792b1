//! The second factor in its owner's hands: on with a first code, off with the password and a code.
//!
//! Sessions that there are go on: their members proved themselves when they began.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcodegen::{QrCode, QrCodeEcc};
use shared::auth::{Member, second_factor};
use shared::events::{Event, happened};
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::model::second_factor::{DIGITS, STEP, SecondFactor};
use shared::store::{Change, Condition, StoreError, Stored, Write, keys};
use shared::{App, Error, Result};

use crate::password::Proof;

/// What authenticators show beside the name.
const ISSUER: &str = "Guildhall";

/// A member's second factor, if it is on.
pub async fn of(app: &App, member: MemberId) -> Result<Option<SecondFactor>> {
    let factor: Option<SecondFactor> = app.table.get(keys::second_factor(member)).await?;
    Ok(factor.filter(|factor| factor.confirmed_at.is_some()))
}

/// Makes a secret that waits for its first code; an earlier one that still waits is void. Takes a proof by password:
/// who finds a device signed in must not lock its owner out.
pub async fn begin(app: &App, by: &Member, proof: Proof) -> Result<SecondFactor> {
    let factor = SecondFactor::begin(by.id(), second_factor::new_secret()?, app.clock.now());
    let off = Condition::absent_or(Condition::without("confirmed_at"));
    let mut writes = vec![Write::put(&factor)?.when(off)];
    writes.extend(proof.write());
    match app.table.together(writes).await {
        Ok(()) => Ok(factor),
        Err(StoreError::Refused { write: 0, .. }) => Err(is_on()),
        Err(error) => Err(error.into()),
    }
}

/// Switches it on, once the first code proves that the authenticator has the secret, and returns the recovery codes.
/// `None` if the code is not good.
pub async fn confirm(app: &App, by: &Member, code: &str) -> Result<Option<Vec<String>>> {
    must_be_off(&by.account)?;
    let member = by.id();
    let Some((factor, after, forget)) = second_factor::check(app, member, code).await? else { return Ok(None) };
    let codes = second_factor::new_recovery_codes()?;
    let new = SecondFactor { confirmed_at: Some(app.clock.now()), ..after.with_recovery(&codes) };
    let account = Change::of(keys::account(member)).set("second_factor", true);
    let off = Condition::equals("active", true).and(Condition::without("second_factor"));
    let writes = vec![
        Write::change(factor.becomes(&new).remove("ttl").when(Condition::without("confirmed_at"))),
        Write::change(account.when(off)),
        happened(app, Event::SecondFactorAdded { member })?,
        forget,
    ];
    settle(app.table.together(writes).await)?;
    Ok(Some(codes))
}

/// Switches it off; `false` if the code is not good.
pub async fn remove(app: &App, by: &Member, proof: Proof, code: &str) -> Result<bool> {
    let member = by.id();
    let Some((factor, _, forget)) = second_factor::check(app, member, code).await? else { return Ok(false) };
    let account = Change::of(keys::account(member)).remove("second_factor");
    let mut writes = vec![
        Write::delete(factor.key(), factor.unchanged()),
        Write::change(account.when(Condition::equals("second_factor", true))),
        happened(app, Event::SecondFactorRemoved { member })?,
        forget,
    ];
    writes.extend(proof.write());
    settle(app.table.together(writes).await)?;
    Ok(true)
}

/// Makes new recovery codes in the place of those that there are; `None` if the code is not good.
pub async fn renew(app: &App, by: &Member, code: &str) -> Result<Option<Vec<String>>> {
    must_be_on(&by.account)?;
    let Some((factor, after, forget)) = second_factor::check(app, by.id(), code).await? else { return Ok(None) };
    let codes = second_factor::new_recovery_codes()?;
    let new = after.with_recovery(&codes);
    settle(app.table.together(vec![Write::change(factor.becomes(&new)), forget]).await)?;
    Ok(Some(codes))
}

/// Refuses what makes sense only while it is off.
pub fn must_be_off(account: &Account) -> Result<()> {
    if account.second_factor { Err(is_on()) } else { Ok(()) }
}

/// Refuses what makes sense only while it is on.
pub fn must_be_on(account: &Account) -> Result<()> {
    let off = || Error::conflict("second_factor_off", "Your second factor is off.");
    if account.second_factor { Ok(()) } else { Err(off()) }
}

/// The address that authenticators read a secret from, typed or as a picture (`otpauth://`, Key URI Format).
pub fn address(factor: &SecondFactor, account: &Account) -> String {
    let name = utf8_percent_encode(account.username.as_str(), NON_ALPHANUMERIC);
    let secret = &factor.secret;
    format!(
        "otpauth://totp/{ISSUER}:{name}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

/// A text as a QR code in SVG, with the quiet zone of four modules that readers need.
pub fn picture(text: &str) -> Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|cause| Error::internal("A QR code could not be drawn.", cause))?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            if run > 0 {
                path += &format!("M{} {}h{run}v1h-{run}z", x + 4, y + 4);
            }
            x += i32::try_from(run).unwrap_or_default().max(1);
        }
    }
    let side = code.size() + 8;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

fn is_on() -> Error {
    Error::conflict("second_factor_on", "Your second factor is on already.")
}

fn settle(done: Result<(), StoreError>) -> Result<()> {
    match done {
        Ok(()) => Ok(()),
        Err(StoreError::Refused { .. }) => Err(Error::changed_meanwhile()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_still_fits_the_picture() {
        let longest = "ა".repeat(150);
        let address = format!("otpauth://totp/{ISSUER}:{}", utf8_percent_encode(&longest, NON_ALPHANUMERIC));
        let drawn = picture(&address).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>"));
    }
}
