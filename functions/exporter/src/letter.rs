//! The letter that brings the data, or the link to it (RFC 5322, RFC 2045).

use askama::Template;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use shared::model::name::Email;
use shared::{App, Error, Result, mail};

use crate::archive::DATA;

const SUBJECT: &str = "Your personal data in Guildhall";

#[derive(Template)]
#[template(path = "body.txt")]
struct Text<'a> {
    name: &'a str,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "body.html")]
struct Page<'a> {
    name: &'a str,
    link: Option<&'a str>,
}

/// The letter with the archive in it.
pub fn with_archive(app: &App, to: &Email, name: &str, archive: &[u8]) -> Result<Vec<u8>> {
    let file = DATA.replace(".json", ".zip");
    written(letter(app, to, name, None)?.attachment("application/zip", file, archive))
}

/// The letter that says where the archive is.
pub fn with_link(app: &App, to: &Email, name: &str, link: &str) -> Result<Vec<u8>> {
    written(letter(app, to, name, Some(link))?)
}

fn letter<'a>(app: &'a App, to: &'a Email, name: &str, link: Option<&str>) -> Result<MessageBuilder<'a>> {
    let broken = |cause| Error::internal("A letter could not be written.", cause);
    let text = Text { name, link }.render().map_err(broken)?;
    let html = Page { name, link }.render().map_err(broken)?;
    let (sender, address) = mail::sender(&app.config.sender);
    Ok(MessageBuilder::new()
        .from(Address::new_address(sender, address))
        .to(to.as_str())
        .subject(SUBJECT)
        .date(app.clock.now().timestamp())
        .text_body(text)
        .html_body(html))
}

fn written(letter: MessageBuilder<'_>) -> Result<Vec<u8>> {
    letter.write_to_vec().map_err(|cause| Error::internal("A letter could not be written.", cause))
}
