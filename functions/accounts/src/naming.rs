//! Names for members who did not choose one: made from what they are called or from their address, and free.

use shared::model::account::NameHeld;
use shared::model::name::{Email, Username};
use shared::store::keys;
use shared::{App, Result};

/// The shortest name that is made, and the longest before what makes it differ from others.
const SHORTEST: usize = 3;
const LONGEST: usize = 18;

/// A name that nobody has yet. It may be gone a moment later; [`shared::joining::join`] has the last word. Where it was
/// gone (`contested`), only a name will do that nobody else is given.
pub async fn find_free(app: &App, called: &str, email: &Email, contested: bool) -> Result<Option<Username>> {
    let mut candidates = candidates(called, email, app.ids.next(app.clock.now()));
    if contested {
        candidates.drain(..candidates.len().saturating_sub(1));
    }
    let keys: Vec<_> = candidates.iter().map(|name| keys::name(&name.folded())).collect();
    let held = app.table.get_all::<NameHeld>(&keys).await?;
    Ok(candidates.into_iter().zip(held).find_map(|(name, held)| held.is_none().then_some(name)))
}

/// The name that fits best, whether somebody has it or not.
pub fn wish(called: &str, email: &Email) -> Option<Username> {
    candidates(called, email, 0).into_iter().next()
}

/// The plain name, and others that differ from it, the last by a number that nobody was given before.
fn candidates(called: &str, email: &Email, unique: u64) -> Vec<Username> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let base = [called, local].into_iter().map(plain).find(|name| name.len() >= SHORTEST);
    let base = base.unwrap_or_else(|| "member".to_owned());
    let names = [base.clone(), format!("{base}_2"), format!("{base}_3"), format!("{base}_{unique:x}")];
    names.iter().filter_map(|name| Username::parse(name).ok()).collect()
}

/// Small letters and digits, with underscores for what is between words.
fn plain(text: &str) -> String {
    let mut name = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            name.push(char.to_ascii_lowercase());
        } else if !char.is_alphanumeric() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(LONGEST);
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_what_there_is() {
        let first = |called: &str, email: &str| {
            let names = candidates(called, &Email::parse(email).unwrap(), u64::MAX >> 11);
            for name in &names {
                let fits = |char: char| char.is_ascii_alphanumeric() || char == '_';
                assert!((3..=33).contains(&name.as_str().len()) && name.as_str().chars().all(fits), "{name:?}");
            }
            names[0].as_str().to_owned()
        };
        assert_eq!(first("Ada Lovelace", "x@example.org"), "ada_lovelace");
        assert_eq!(first("  Ada -- King!", "x@example.org"), "ada_king");
        assert_eq!(first("", "ada.k+l@example.org"), "ada_k_l");
        assert_eq!(first("Zoë", "zoe@example.org"), "zoe");
        assert_eq!(first("Пётр", "p@example.org"), "member");
        assert_eq!(first(&"Ada ".repeat(100), "x@example.org"), "ada_ada_ada_ada_ad");
    }
}
