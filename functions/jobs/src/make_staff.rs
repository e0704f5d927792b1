//! Makes the first administrator, by name: whoever may invoke this function runs the house.

use serde::Serialize;
use shared::auth::roles;
use shared::ids::MemberId;
use shared::model::account::Account;
use shared::{App, Result};

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Who is an administrator now; nobody where nobody has the name.
    member: Option<MemberId>,
    /// Their name as they write it.
    name: Option<String>,
}

/// Makes whoever has this name an administrator. The audit trail says that the operator did it.
pub async fn run(app: &App, name: &str) -> Result<Report> {
    let account = roles::make_administrator(app, name).await?;
    let name = |account: &Account| account.username.as_str().to_owned();
    Ok(Report { member: account.as_ref().map(|account| account.id), name: account.as_ref().map(name) })
}
