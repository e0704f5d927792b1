//! `cargo run -- make-staff NAME`: the first member of the staff. No route can make one.

use std::io::{self, Write};

use local::{Cloud, Options, Pumps, Storage};
use shared::App;
use shared::clock::Clock;
use shared::ids::Ids;
use shared::model::account::{Account, NameHeld};
use shared::model::name::Username;
use shared::store::{Change, StoreError, keys};

use crate::cli::MakeStaff;

/// Makes the member one of the staff in the data folder, and says so. A folder that a running cloud uses is refused.
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
    let made = promote(&cloud, &make.name).await;
    cloud.shutdown().await;
    let name = made?;
    writeln!(io::stdout(), "{name} is of the staff now, and may use /admin/. The data is in {}.", folder.display())
        .map_err(|error| format!("The outcome could not be printed: {error}."))
}

/// The member's name as they write it.
async fn promote(cloud: &Cloud, name: &str) -> Result<String, String> {
    let nobody = || format!("Nobody is called {name}. Register at POST /users/register/ first.");
    let folded = Username::parse(name).map_err(|_| nobody())?.folded();
    let environment = cloud.functions().environment("admin").ok_or("The template has no function admin.")?;
    let table = App::new(environment).map_err(|error| error.to_string())?.table.clone();
    let held = table.get::<NameHeld>(keys::name(&folded)).await.map_err(|error| error.to_string())?;
    let change = Change::of(keys::account(held.ok_or_else(nobody)?.member)).set("staff", true);
    match table.changed::<Account>(change).await {
        Ok(account) => Ok(account.username.as_str().to_owned()),
        Err(StoreError::Refused { .. }) => Err(nobody()),
        Err(StoreError::Failed(error)) => Err(error.to_string()),
    }
}
