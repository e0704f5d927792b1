//! The price list's part about members' own data.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use serde_json::json;
use shared::App;
use shared::media::File;
use shared::model::export;

use super::Story;
use crate::browser::Browser;

impl Story {
    /// Asking for it, getting it, and following the link of a letter that it was too large for.
    pub(super) async fn export(&mut self, ada: &mut Browser) -> Result<(), String> {
        let token = ada.ask(Method::POST, "/v1/token", json!({})).await?;
        self.skip();
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap_or_default());
        let ask = || Request::post("/api/request-personal-data/").header(AUTHORIZATION, &bearer);
        for case in ["the first of a day", "while one is open"] {
            ada.send(ask(), Bytes::new()).await?;
            self.note(case)?;
        }
        self.follow("personal data").await?;
        // A link is for what is too large for a letter; a small file will do here.
        let environment = self.cloud.functions().environment("files").ok_or("There is no function files.")?;
        let app = App::new(environment).map_err(|error| error.to_string())?.with_clock(self.cloud.clock().clone());
        let file = File { bytes: Bytes::from_static(b"zip"), content_type: "application/zip".to_owned() };
        app.media.put("exports/1/data.zip", file).await.map_err(|error| error.to_string())?;
        let link = export::link(&app, "exports/1/data.zip");
        ada.get(link.strip_prefix(&app.config.public_url).unwrap_or(&link)).await?;
        self.note("")
    }
}
