//! `cargo run -- make-staff NAME`: the first administrator. It asks the function `jobs` for it, as in the cloud.

use std::io::{self, Write};

use local::{Cloud, Options, Pumps, Storage};
use serde_json::json;
use shared::clock::Clock;
use shared::ids::Ids;

use crate::cli::MakeStaff;

/// Makes the member an administrator in the data folder, and says so. A folder that a running cloud uses is refused.
pub async fn run(make: &MakeStaff) -> Result<(), String> {
    let template = make.place.template()?;
    let folder = make.place.data(&template);
    let cloud = Cloud::start(Options {
        overrides: make.place.overrides(&template)?,
        template,
        storage: Storage::Folder(folder.clone()),
        public_url: "http://localhost:8000".to_owned(),
        clock: Clock::system(),
        ids: Ids::random(),
        invoke: None,
        pumps: Pumps::ByHand,
        wire: None,
    })
    .await?;
    let answer = cloud.functions().invoke("jobs", json!({ "job": "make-staff", "name": make.name })).await;
    cloud.shutdown().await;
    let report = answer.outcome?;
    let name = report["name"]
        .as_str()
        .ok_or_else(|| format!("Nobody is called {}. Register at POST /users/register/ first.", make.name))?;
    writeln!(io::stdout(), "{name} is an administrator now, and may use /admin/. The data is in {}.", folder.display())
        .map_err(|error| format!("The outcome could not be printed: {error}."))
}
