//! `cargo run -- make-staff NAME`: the first administrator. It asks the function `jobs` for it, as in the cloud.

use std::io::{self, Write};

use serde_json::json;

use crate::cli::MakeStaff;

/// Makes the member an administrator in the data folder, and says so. A folder that a running cloud uses is refused.
pub async fn run(make: &MakeStaff) -> Result<(), String> {
    let (cloud, folder) = make.place.open().await?;
    let answer = cloud.functions().invoke("jobs", json!({ "job": "make-staff", "name": make.name })).await;
    cloud.shutdown().await;
    let report = answer.outcome?;
    let name = report["name"]
        .as_str()
        .ok_or_else(|| format!("Nobody is called {}. Register at POST /users/register/ first.", make.name))?;
    writeln!(io::stdout(), "{name} is an administrator now, and may use /admin/. The data is in {}.", folder.display())
        .map_err(|error| format!("The outcome could not be printed: {error}."))
}
