//! Which route of the HTTP API takes a request: exact before `{proxy+}`, longer before shorter, method before `ANY`.

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::template::HttpRoute;

/// A route and what its path takes from the request's.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The route.
    pub route: &'a HttpRoute,
    /// Path parameters, percent-decoded.
    pub parameters: BTreeMap<String, String>,
}

/// What a segment of a route's path takes, the least particular first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Rest(&'a str),
    Any(&'a str),
    Literal(&'a str),
}

impl Segment<'_> {
    fn rank(&self) -> u8 {
        match self {
            Segment::Rest(_) => 0,
            Segment::Any(_) => 1,
            Segment::Literal(_) => 2,
        }
    }
}

/// The route that takes this request. `path` is as it was sent, still percent-encoded.
pub fn find<'a>(routes: &'a [HttpRoute], method: &Method, path: &str) -> Option<Found<'a>> {
    let candidates = routes.iter().filter(|route| route.method == "ANY" || route.method == method.as_str());
    let matching = candidates.filter_map(|route| {
        let segments = segments(&route.path);
        let parameters = take(&segments, path)?;
        let ranks: Vec<u8> = segments.iter().map(Segment::rank).collect();
        Some(((ranks, route.method != "ANY"), Found { route, parameters }))
    });
    matching.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, found)| found)
}

/// `$default` has no segments, so it is the least particular of all.
fn segments(path: &str) -> Vec<Segment<'_>> {
    let Some(path) = path.strip_prefix('/') else { return Vec::new() };
    let segment = |text| match parameter(text) {
        Some(name) => name.strip_suffix('+').map_or(Segment::Any(name), Segment::Rest),
        None => Segment::Literal(text),
    };
    path.split('/').map(segment).collect()
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The path parameters, if the path fits. `{proxy+}` takes what is left, which may be nothing: `/x/{proxy+}` takes
/// `/x/`, but not `/x`.
fn take(segments: &[Segment<'_>], path: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    if segments.is_empty() {
        return Some(parameters);
    }
    let mut rest = Some(path.strip_prefix('/')?);
    for segment in segments {
        let left = rest?;
        let (first, after) = left.split_once('/').map_or((left, None), |(first, after)| (first, Some(after)));
        match *segment {
            Segment::Rest(name) => {
                parameters.insert(name.to_owned(), decode(left));
                return Some(parameters);
            }
            Segment::Any(_) if first.is_empty() => return None,
            Segment::Any(name) => {
                parameters.insert(name.to_owned(), decode(first));
            }
            Segment::Literal(literal) if literal != first => return None,
            Segment::Literal(_) => {}
        }
        rest = after;
    }
    rest.is_none().then_some(parameters)
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Vec<HttpRoute> {
        let route = |key: &&str| {
            let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
            HttpRoute { key: key.to_string(), method: method.into(), path: path.into(), function: "F".into() }
        };
        keys.iter().map(route).collect()
    }

    fn key(routes: &[HttpRoute], method: Method, path: &str) -> Option<String> {
        find(routes, &method, path).map(|found| found.route.key.clone())
    }

    #[test]
    fn the_most_particular_route_wins() {
        let routes = routes(&[
            "ANY /users/{proxy+}",
            "ANY /users",
            "ANY /users/leaderboard/{proxy+}",
            "ANY /users/leaderboard",
            "GET /users/leaderboard",
            "ANY /users/{id}/stats",
        ]);
        let get = |path| key(&routes, Method::GET, path);
        assert_eq!(get("/users").as_deref(), Some("ANY /users"));
        assert_eq!(get("/users/").as_deref(), Some("ANY /users/{proxy+}"));
        assert_eq!(get("/users/7/").as_deref(), Some("ANY /users/{proxy+}"));
        assert_eq!(get("/users/7/stats").as_deref(), Some("ANY /users/{id}/stats"));
        assert_eq!(get("/users/leaderboard").as_deref(), Some("GET /users/leaderboard"));
        assert_eq!(key(&routes, Method::POST, "/users/leaderboard").as_deref(), Some("ANY /users/leaderboard"));
        assert_eq!(get("/users/leaderboard/").as_deref(), Some("ANY /users/leaderboard/{proxy+}"));
        assert_eq!(get("/users/leaderboards").as_deref(), Some("ANY /users/{proxy+}"));
        assert_eq!(get("/user"), None);
        assert_eq!(get("//users"), None);
        assert_eq!(get("*"), None);
    }

    #[test]
    fn a_route_of_another_method_leaves_the_way_to_a_wider_one() {
        let routes = routes(&["POST /users", "GET /{proxy+}"]);
        assert_eq!(key(&routes, Method::GET, "/users").as_deref(), Some("GET /{proxy+}"));
        assert_eq!(key(&routes, Method::DELETE, "/users"), None);
    }

    #[test]
    fn a_greedy_route_needs_its_slash() {
        let routes = routes(&["ANY /media/{proxy+}"]);
        assert_eq!(key(&routes, Method::GET, "/media"), None);
        let found = find(&routes, &Method::GET, "/media/").unwrap();
        assert_eq!(found.parameters["proxy"], "");
        let found = find(&routes, &Method::GET, "/media/a%20b//c/").unwrap();
        assert_eq!(found.parameters["proxy"], "a b//c/");
    }

    #[test]
    fn default_takes_the_rest() {
        let routes = routes(&["$default", "ANY /users"]);
        assert_eq!(key(&routes, Method::GET, "/nowhere").as_deref(), Some("$default"));
        assert_eq!(key(&routes, Method::GET, "/users").as_deref(), Some("ANY /users"));
    }
}
