//! What `samconfig.toml` overrides for the local cloud, and SAM's own way of writing overrides.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// What `[local.deploy.parameters] parameter_overrides` says in this file; nothing where there is none.
pub fn local_overrides(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{} cannot be read: {error}.", path.display())),
    };
    let config: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{} is not what SAM writes: {}.", path.display(), error.message()))?;
    let parameters =
        ["local", "deploy", "parameters"].iter().try_fold(&config, |table, key| table.get(*key)?.as_table());
    let overrides = match parameters.and_then(|parameters| parameters.get("parameter_overrides")) {
        None => return Ok(BTreeMap::new()),
        Some(toml::Value::String(text)) => parse_overrides(text),
        // SAM also takes a list with one assignment each.
        Some(toml::Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| format!("{item:?} is not a text")).and_then(assignment))
            .collect(),
        Some(other) => Err(format!("{other:?} is neither a text nor a list")),
    };
    overrides.map_err(|reason| format!("{}, parameter_overrides: {}.", path.display(), reason.trim_end_matches('.')))
}

/// Reads `Name=Value Name="a value"`, and SAM's older form `ParameterKey=Name,ParameterValue=Value`.
pub fn parse_overrides(text: &str) -> Result<BTreeMap<String, String>, String> {
    words(text)?.iter().map(|word| assignment(word)).collect()
}

fn assignment(word: &str) -> Result<(String, String), String> {
    let older = word.strip_prefix("ParameterKey=").and_then(|rest| rest.split_once(",ParameterValue="));
    match older.or_else(|| word.split_once('=')) {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("{word:?} should be Name=Value.")),
    }
}

/// Splits at spaces outside quotes, as a shell does; a backslash takes the meaning from what follows it.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => word.get_or_insert_default().extend(characters.next()),
            (mark, Some(open)) if mark == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (space, None) if space.is_whitespace() => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        return Err(format!("A quotation mark in {text:?} is not closed."));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_read_as_sam_reads_them() {
        let read = parse_overrides(r#"A=1 B="x y" C='' ParameterKey=D,ParameterValue="p,q" E=a=b F=\"q\""#).unwrap();
        let expected = [("A", "1"), ("B", "x y"), ("C", ""), ("D", "p,q"), ("E", "a=b"), ("F", "\"q\"")];
        assert_eq!(read, expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        assert!(parse_overrides("A=1 B").unwrap_err().contains("\"B\""));
        assert!(parse_overrides("A=\"1").unwrap_err().contains("not closed"));
    }

    #[test]
    fn our_own_file_has_local_overrides() {
        let overrides = local_overrides(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../samconfig.toml")).unwrap();
        assert_eq!(overrides["RateLimitFactor"], "0");
        assert_eq!(local_overrides(Path::new("/no/such/file")), Ok(BTreeMap::new()));
    }
}
