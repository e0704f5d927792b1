//! SES, version 1: letters that would be sent are kept in the mailbox instead.

use std::collections::BTreeMap;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use mail_parser::{Address, MessageParser, MimeHeaders};

use super::reply;
use crate::cloud::Cloud;
use crate::state::{Attachment, NewLetter};

const NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";
/// Recipients of one letter, all kinds together.
const MOST_RECIPIENTS: usize = 50;
/// The size of one letter.
const LARGEST_LETTER: usize = 10 * 1024 * 1024;

/// The parameters of a request.
type Form = BTreeMap<String, String>;

/// Why SES does not take a letter: its code and a sentence.
#[derive(Debug, PartialEq, Eq)]
struct Refusal(&'static str, String);

/// Answers a request to SES.
pub fn answer(cloud: &Cloud, body: &Bytes) -> Response {
    let form: Form = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let action = form.get("Action").map_or("", String::as_str);
    let letter = match action {
        "SendEmail" => email(&form),
        "SendRawEmail" => raw_email(&form),
        other => Err(Refusal("InvalidAction", format!("The local cloud does not know the action {other:?}."))),
    };
    match letter.map(|letter| cloud.state().keep_letter(letter)) {
        Ok(Ok(message_id)) => xml(StatusCode::OK, &sent(action, &message_id)),
        Ok(Err(message)) => {
            xml(StatusCode::INTERNAL_SERVER_ERROR, &error("Receiver", &Refusal("InternalFailure", message)))
        }
        Err(refusal) => xml(StatusCode::BAD_REQUEST, &error("Sender", &refusal)),
    }
}

fn email(form: &Form) -> Result<NewLetter, Refusal> {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let list = |name: &str| -> Vec<String> {
        (1..).map_while(|number| form.get(&format!("{name}.member.{number}")).cloned()).collect()
    };
    let (cc, reply_to) = (list("Destination.CcAddresses"), list("ReplyToAddresses"));
    let mut headers = Vec::new();
    for (name, value) in [
        ("Cc", cc.join(", ")),
        ("Reply-To", reply_to.join(", ")),
        ("X-SES-CONFIGURATION-SET", text("ConfigurationSetName")),
    ] {
        if !value.is_empty() {
            headers.push((name.to_owned(), value));
        }
    }
    if !form.contains_key("Message.Subject.Data") {
        return Err(missing("Message.Subject"));
    }
    let recipients = [list("Destination.ToAddresses"), cc, list("Destination.BccAddresses")].concat();
    let letter = NewLetter {
        from: text("Source"),
        to: recipients,
        subject: text("Message.Subject.Data"),
        text: text("Message.Body.Text.Data"),
        html: text("Message.Body.Html.Data"),
        headers,
        attachments: Vec::new(),
    };
    if letter.text.is_empty() && letter.html.is_empty() {
        return Err(missing("Message.Body"));
    }
    check(letter)
}

/// A letter that comes written out, with its attachments. Where the request names no sender or recipients, those of the
/// letter itself hold.
fn raw_email(form: &Form) -> Result<NewLetter, Refusal> {
    let data = form.get("RawMessage.Data").ok_or_else(|| missing("RawMessage.Data"))?;
    let bytes = STANDARD.decode(data).map_err(|_| invalid("RawMessage.Data is not base64."))?;
    if bytes.len() > LARGEST_LETTER {
        return Err(invalid("Message length exceeds the limit."));
    }
    let message = MessageParser::default().parse(&bytes).ok_or_else(|| invalid("RawMessage.Data is not a letter."))?;
    let addresses = |address: Option<&Address<'_>>| -> Vec<String> {
        address.into_iter().flat_map(Address::iter).filter_map(|one| one.address().map(str::to_owned)).collect()
    };
    let named: Vec<String> =
        (1..).map_while(|number| form.get(&format!("Destinations.member.{number}")).cloned()).collect();
    let written = [message.to(), message.cc(), message.bcc()].map(addresses).concat();
    let from = form.get("Source").cloned().or_else(|| addresses(message.from()).into_iter().next());
    let attachments = message.attachments().map(|part| Attachment {
        name: part.attachment_name().unwrap_or("attachment").to_owned(),
        content_type: part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |media| format!("{}/{}", media.ctype(), media.subtype().unwrap_or("octet-stream")),
        ),
        content_id: part.content_id().map(str::to_owned),
        size: part.contents().len(),
        bytes: part.contents().to_vec(),
    });
    let attachments = attachments.collect();
    let known = ["from", "to", "subject"];
    let headers = message.headers_raw().filter(|(name, _)| !known.contains(&name.to_ascii_lowercase().as_str()));
    check(NewLetter {
        from: from.unwrap_or_default(),
        to: if named.is_empty() { written } else { named },
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).map(String::from).unwrap_or_default(),
        html: message.body_html(0).map(String::from).unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
        attachments,
    })
}

fn check(letter: NewLetter) -> Result<NewLetter, Refusal> {
    if letter.from.is_empty() {
        return Err(missing("Source"));
    }
    if letter.to.is_empty() {
        return Err(missing("Destination"));
    }
    if letter.to.len() > MOST_RECIPIENTS {
        return Err(invalid(&format!("Recipient count exceeds {MOST_RECIPIENTS}.")));
    }
    if letter.subject.len() + letter.text.len() + letter.html.len() > LARGEST_LETTER {
        return Err(invalid("Message length exceeds the limit."));
    }
    for address in letter.to.iter().chain([&letter.from]) {
        check_address(address)?;
    }
    Ok(letter)
}

/// `ada@example.com` or `Ada <ada@example.com>`, in ASCII as SES demands.
fn check_address(address: &str) -> Result<(), Refusal> {
    let bare = match address.trim().strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, bare)| bare),
        None => address.trim(),
    };
    let (local, domain) = bare.rsplit_once('@').ok_or_else(|| invalid("Missing final '@domain'"))?;
    if !bare.is_ascii() {
        return Err(invalid("Local address contains control or whitespace, or non-ASCII characters"));
    }
    if local.is_empty() || bare.contains(|c: char| c.is_ascii_control() || c == ' ') {
        return Err(invalid("Local address contains control or whitespace"));
    }
    if domain.is_empty() || !domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)) {
        return Err(invalid("Domain contains illegal character"));
    }
    Ok(())
}

fn missing(name: &str) -> Refusal {
    Refusal("ValidationError", format!("1 validation error detected: Value at '{name}' must not be null"))
}

fn invalid(message: &str) -> Refusal {
    Refusal("InvalidParameterValue", message.to_owned())
}

fn sent(action: &str, message_id: &str) -> String {
    format!(
        r#"<{action}Response xmlns="{NAMESPACE}"><{action}Result><MessageId>{message_id}</MessageId></{action}Result><ResponseMetadata><RequestId>{message_id}</RequestId></ResponseMetadata></{action}Response>"#
    )
}

fn error(side: &str, Refusal(code, message): &Refusal) -> String {
    let message = escape(message);
    format!(
        r#"<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn xml(status: StatusCode, body: &str) -> Response {
    reply(status, "text/xml", Bytes::from(body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const SOUND: [(&str, &str); 5] = [
        ("Source", "Guildhall <guildhall@localhost>"),
        ("Destination.ToAddresses.member.1", "ada@example.com"),
        ("Message.Subject.Data", "Hallo"),
        ("Message.Body.Text.Data", "Text"),
        ("Message.Body.Html.Data", "<p>HTML</p>"),
    ];

    #[test]
    fn a_letter_is_read_from_its_form() {
        let mut pairs = SOUND.to_vec();
        pairs.push(("Destination.CcAddresses.member.1", "bob@example.com"));
        pairs.push(("Destination.CcAddresses.member.2", "eve@example.com"));
        let letter = email(&form(&pairs)).unwrap();
        assert_eq!(letter.to, ["ada@example.com", "bob@example.com", "eve@example.com"]);
        assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Hallo", "Text"));
        assert_eq!(letter.headers, [("Cc".to_owned(), "bob@example.com, eve@example.com".to_owned())]);
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused() {
        for (left_out, _) in &SOUND[..3] {
            let pairs: Vec<_> = SOUND.iter().copied().filter(|(name, _)| name != left_out).collect();
            assert_eq!(email(&form(&pairs)).unwrap_err().0, "ValidationError", "{left_out}");
        }
        assert_eq!(email(&form(&SOUND[..3])).unwrap_err().0, "ValidationError");
        for address in ["ada", "ada@", "@example.com", "a da@example.com", "ada@exa mple", "adä@example.com", "<ada>"]
        {
            assert_eq!(check_address(address).map_err(|refusal| refusal.0), Err("InvalidParameterValue"), "{address}");
        }
        assert_eq!(check_address("Ada Lovelace <ada@example.com>"), Ok(()));
    }

    #[test]
    fn a_raw_letter_is_taken_apart() {
        let raw = "From: Guildhall <guildhall@localhost>\r\nTo: ada@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
            X-Campaign: spring\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--b--\r\n";
        let letter = raw_email(&form(&[("RawMessage.Data", &STANDARD.encode(raw))])).unwrap();
        assert_eq!((letter.from.as_str(), letter.to[0].as_str()), ("guildhall@localhost", "ada@example.com"));
        assert_eq!((letter.subject.as_str(), letter.text.trim()), ("Grüße", "Text"));
        assert_eq!(letter.html.trim(), "<p>HTML</p>");
        assert!(letter.headers.contains(&("X-Campaign".to_owned(), "spring".to_owned())));
        assert_eq!(letter.attachments, []);
        assert!(raw_email(&form(&[("RawMessage.Data", "%")])).is_err());
    }

    #[test]
    fn what_comes_with_a_letter_is_kept_byte_by_byte() {
        let raw = "From: guildhall@localhost\r\nTo: ada@example.com\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\n\
            Content-Type: application/zip\r\nContent-Disposition: attachment; filename=\"a b.zip\"\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nAAEC/w==\r\n--b--\r\n";
        let letter = raw_email(&form(&[("RawMessage.Data", &STANDARD.encode(raw))])).unwrap();
        let [file] = letter.attachments.as_slice() else { panic!("{letter:?}") };
        assert_eq!((file.name.as_str(), file.content_type.as_str(), file.size), ("a b.zip", "application/zip", 4));
        assert_eq!(file.bytes, [0, 1, 2, 255]);
        assert_eq!(letter.text.trim(), "Text");
        let large = format!("{raw}{}", "x".repeat(LARGEST_LETTER));
        assert!(raw_email(&form(&[("RawMessage.Data", &STANDARD.encode(large))])).is_err());
    }

    #[test]
    fn errors_are_xml() {
        let text = error("Sender", &invalid("a < b & c"));
        assert!(text.contains("<Code>InvalidParameterValue</Code><Message>a &lt; b &amp; c</Message>"));
    }
}
