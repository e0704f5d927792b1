//! The staff's pages: a refusal is a page, and whoever is not signed in is sent to where they can.

use serde_json::{Value, json};

use super::{Refusal, sentence, usual_status};
use crate::error::Error;

pub(super) const MEDIA: &str = "text/html; charset=utf-8";

/// Where members of the staff sign in.
pub(super) const SIGN_IN: &str = "/admin/sign-in/";

pub(super) fn refuse(error: &Error, request: &str) -> Refusal {
    let status = usual_status(error.kind);
    let title = status.canonical_reason().unwrap_or("Refused");
    let mut text = format!("<p>{}</p>\n", escape(&sentence(error, request)));
    for (field, messages) in &error.fields {
        for message in messages {
            text += &format!("<p>{}: {}</p>\n", escape(field), escape(message));
        }
    }
    Refusal { status, body: PAGE.replace("{title}", title).replace("{text}", &text), media: MEDIA }
}

pub(super) fn schema() -> Value {
    json!({ "description": "A page that says what is wrong.", "type": "string" })
}

/// Refusals may quote what was sent.
fn escape(text: &str) -> String {
    let escaped = |char| match char {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        // The braces are ours.
        '{' => "&#123;".to_owned(),
        char => char.to_string(),
    };
    text.chars().map(escaped).collect()
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Guildhall</title>
<link rel="icon" href="/admin/icon.svg">
<link rel="stylesheet" href="/admin/style.css">
</head>
<body class="door">
<main>
<div class="card">
<h1>{title}</h1>
{text}<p class="ways"><a href="/admin/">Overview</a> <a href="/admin/sign-in/">Sign in as somebody else</a></p>
</div>
</main>
</body>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_quoted_and_never_part_of_the_page() {
        let error = Error::unsupported_media("<b>{text}'\"&");
        let body = refuse(&error, "r").body;
        assert!(body.contains("&lt;b&gt;&#123;text}&#39;&quot;&amp;"), "{body}");
        assert!(!body.contains("<b>"));
    }
}
