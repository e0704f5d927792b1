//! Paths of sockets, which a WebSocket API does not have: as the edge does in the cloud, they are turned into queries,
//! by the same list.

use std::borrow::Cow;

use form_urlencoded::Serializer;
use percent_encoding::percent_decode_str;

use crate::template::{SocketApi, SocketPath};

/// What stands in the path, and so not in the query.
const NAMES: [&str; 4] = ["surface", "user", "correspondent", "room"];

/// The query of a socket that is opened at this address; none where no socket opens. The API itself, without the edge,
/// answers at its root and below its stage.
pub fn query<'a>(api: &SocketApi, path: &str, query: &'a str) -> Option<Cow<'a, str>> {
    let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| percent_decode_str(part).decode_utf8().ok());
    let parts: Vec<Cow<'_, str>> = parts.collect::<Option<_>>()?;
    if parts.is_empty() || api.paths.is_empty() || parts == [api.stage.as_str()] {
        return Some(Cow::Borrowed(query));
    }
    let (known, said) = api.paths.iter().find_map(|known| Some((known, said(known, &parts)?)))?;
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !NAMES.contains(&name.as_ref()));
    let mut rewritten = Serializer::new(String::new());
    rewritten.extend_pairs(kept).append_pair("surface", &known.surface).extend_pairs(said);
    Some(Cow::Owned(rewritten.finish()))
}

/// What a path says, if it is this one.
fn said<'a>(known: &'a SocketPath, parts: &'a [Cow<'_, str>]) -> Option<Vec<(&'a str, &'a str)>> {
    if known.path.len() != parts.len() {
        return None;
    }
    let mut said = Vec::new();
    for (known, part) in known.path.iter().zip(parts) {
        match known.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => said.push((name, part.as_ref())),
            None if known == part => {}
            None => return None,
        }
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde::Deserialize;

    use super::*;
    use crate::template::Template;

    /// A way to ask, and what becomes of it. `.ci/edge.mjs` holds the template's function to the same.
    #[derive(Deserialize)]
    struct Asked {
        path: String,
        query: String,
        said: Option<BTreeMap<String, String>>,
    }

    fn api() -> SocketApi {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Template::read(&template, &BTreeMap::new(), "http://localhost:8000").unwrap().sockets
    }

    #[test]
    fn paths_become_queries_as_they_do_at_the_edge() {
        let api = api();
        let asked: Vec<Asked> = serde_json::from_str(include_str!("paths.json")).unwrap();
        for Asked { path, query, said } in asked {
            let found = super::query(&api, &path, &query).map(|query| {
                form_urlencoded::parse(query.as_bytes()).into_owned().collect::<BTreeMap<String, String>>()
            });
            assert_eq!(found, said, "{path}?{query}");
        }
    }

    #[test]
    fn the_api_itself_answers_without_the_edge() {
        let api = api();
        for path in ["/", "", "/live", "/live/"] {
            assert_eq!(query(&api, path, "token=t").as_deref(), Some("token=t"), "{path:?}");
        }
        // A template without an edge lets sockets open anywhere.
        assert_eq!(query(&SocketApi::default(), "/anywhere", "a=b").as_deref(), Some("a=b"));
    }
}
