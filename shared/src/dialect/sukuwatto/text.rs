//! Texts as Sukuwatto takes them.

use crate::error::Problems;

/// What whoever sends nothing but blanks is told.
pub const BLANK: &str = "This field may not be blank.";

/// What a text may be.
#[derive(Clone, Copy)]
pub struct Text {
    /// In characters.
    pub longest: usize,
    /// Whether it may be empty.
    pub blank: bool,
}

impl Text {
    /// The text without the blanks around it, or a note of what is wrong with it. What is `kept` already is good
    /// enough: clients send back whole objects, in which other dialects may have written.
    pub fn check(self, problems: &mut Problems, field: &'static str, text: &str, kept: Option<&str>) -> Option<String> {
        let text = text.trim();
        let unprintable = |char: char| char.is_control() && !"\n\r\t".contains(char);
        let checked = if Some(text) == kept {
            Ok(text.to_owned())
        } else if text.is_empty() && !self.blank {
            Err(BLANK.to_owned())
        } else if text.chars().any(unprintable) {
            Err("Null and control characters are not allowed.".to_owned())
        } else if text.chars().count() > self.longest {
            Err(format!("Ensure this field has no more than {} characters.", self.longest))
        } else {
            Ok(text.to_owned())
        };
        problems.check(field, checked)
    }
}
