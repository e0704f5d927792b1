//! Names and e-mail addresses: values that are valid because they exist.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript, RestrictionLevel, RestrictionLevelDetection};

/// The longest name, in characters.
pub const LONGEST_USERNAME: usize = 150;
/// The longest address, in characters (RFC 5321, 4.5.3.1.3, less the angle brackets).
pub const LONGEST_EMAIL: usize = 254;

/// A member's name: 1 to 150 letters, digits and `@ . + - _`, in Unicode's NFKC form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAUsername {
    /// Nothing was given.
    Empty,
    /// It has this many characters.
    TooLong(usize),
    /// It has characters that a name may not have, or passes for another name by look-alikes.
    Characters,
}

impl Username {
    /// Reads a name as somebody typed it.
    pub fn parse(text: &str) -> Result<Username, NotAUsername> {
        // A text far too long is not worth normalising.
        let typed = text.chars().take(LONGEST_USERNAME * 8).count();
        if typed > LONGEST_USERNAME * 4 {
            return Err(NotAUsername::TooLong(text.chars().count()));
        }
        let name: String = text.nfkc().collect();
        let length = name.chars().count();
        let allowed = |char: char| char.is_alphanumeric() || "@.+-_".contains(char);
        if name.is_empty() {
            Err(NotAUsername::Empty)
        } else if length > LONGEST_USERNAME {
            Err(NotAUsername::TooLong(length))
        } else if !name.chars().all(allowed) || passes_for_latin(&name) || mixes_scripts(&name) {
            Err(NotAUsername::Characters)
        } else {
            Ok(Username(name))
        }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which names are compared and found.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// The form by which names and addresses are compared: NFKC, without case.
pub fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// Whether a name in other letters looks like one in plain ones ("раypal" in Cyrillic letters), by Unicode's own
/// table of look-alikes (UTS 39).
fn passes_for_latin(name: &str) -> bool {
    !name.is_ascii() && unicode_security::skeleton(name).all(|char| char.is_ascii())
}

/// Whether a name mixes letters that are not written together, as "κiosk" does: what is Latin besides may be another's
/// (UTS 39, up to its level "moderately restrictive").
fn mixes_scripts(name: &str) -> bool {
    // Digits and marks belong to every script.
    let letters: String = name.chars().filter(|char| char.is_alphabetic()).collect();
    !letters.is_single_script() && !letters.check_restriction_level(RestrictionLevel::ModeratelyRestrictive)
}

/// An e-mail address, as it was typed but for the case of its domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// Not an e-mail address that a letter could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEmail;

impl Email {
    /// Reads an address: one `@`, plain printable ASCII before it, a domain name of at least two labels after it.
    /// Narrower than RFC 5321: no quoted names, no address literals; nobody's real address is refused.
    pub fn parse(text: &str) -> Result<Email, NotAnEmail> {
        let (name, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let domain = domain.to_ascii_lowercase();
        let name_fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte))
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..");
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_fits = domain.contains('.') && domain.split('.').all(label_fits);
        if text.len() <= LONGEST_EMAIL && name_fits && domain_fits {
            Ok(Email(format!("{name}@{domain}")))
        } else {
            Err(NotAnEmail)
        }
    }

    /// The address as letters are sent to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which addresses are compared and found.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised_and_bounded() {
        assert_eq!(Username::parse("Ada.L+1@x_-").unwrap().as_str(), "Ada.L+1@x_-");
        assert_eq!(Username::parse("ｅｖｅ").unwrap().as_str(), "eve");
        assert_eq!(Username::parse("Ада").unwrap().folded(), "ада");
        assert_eq!(Username::parse(""), Err(NotAUsername::Empty));
        assert!(Username::parse(&"é".repeat(150)).is_ok());
        assert_eq!(Username::parse(&"x".repeat(151)), Err(NotAUsername::TooLong(151)));
        assert_eq!(Username::parse(&"x".repeat(1_000_000)), Err(NotAUsername::TooLong(1_000_000)));
        for text in ["a b", "a\0b", "a\u{202e}b", "<b>", "a/b", "🙂", "\u{200b}a"] {
            assert_eq!(Username::parse(text), Err(NotAUsername::Characters), "{text:?}");
        }
    }

    #[test]
    fn a_name_in_look_alike_letters_is_refused() {
        assert_eq!(Username::parse("раураl"), Err(NotAUsername::Characters));
        assert_eq!(Username::parse("аdа"), Err(NotAUsername::Characters));
        for text in ["κiosk", "Ада-Smith", "ада-ალ"] {
            assert_eq!(Username::parse(text), Err(NotAUsername::Characters), "{text:?}");
        }
        for text in ["Αθηνά+1", "山田はな", "ada王", "né_1", "ꮳꮃꭹ"] {
            assert!(Username::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn addresses_are_what_a_letter_can_be_sent_to() {
        for text in ["ada@example.org", "a.b+c@sub.example.org", "x@xn--bcher-kva.example"] {
            assert!(Email::parse(text).is_ok(), "{text:?}");
        }
        assert_eq!(Email::parse("Ada@EXAMPLE.org").unwrap().as_str(), "Ada@example.org");
        let long = format!("{}@example.org", "x".repeat(65));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a b@example.org",
            "a@b@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "a\0@example.org",
            "ada@-example.org",
            "ada@example..org",
            ".ada@example.org",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
