//! What a message says.

use std::borrow::Cow;

/// The longest message, in characters.
pub const LONGEST: usize = 5_000;
/// The longest name that a client may give a message, in characters.
pub const LONGEST_NAME: usize = 255;

/// What a message says: not too much, and nothing that is no text. It is kept as it is given, never as markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// A text, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Text, Cow<'static, str>> {
        if text.trim().is_empty() {
            return Err("This field may not be blank.".into());
        }
        if text.chars().count() > LONGEST {
            return Err(format!("Ensure this field has no more than {LONGEST} characters.").into());
        }
        // Lines end in either of two ways.
        if text.chars().any(|char| char.is_control() && !"\n\r\t".contains(char)) {
            return Err("Null and control characters are not allowed.".into());
        }
        Ok(Text(text.to_owned()))
    }

    /// No text: for a message that is a file.
    pub fn none() -> Text {
        Text(String::new())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_as_it_is_given() {
        for text in ["a", " a\n\tb\r\n", "<b>&amp;</b>", "👩‍🚀", &"x".repeat(LONGEST), &"界".repeat(LONGEST)] {
            assert_eq!(Text::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " \n\t", "a\u{0}", "\u{7}a", "a\u{1b}[2J", &"x".repeat(LONGEST + 1)] {
            assert!(Text::parse(text).is_err(), "{text:?}");
        }
    }
}
