//! CodeChef: the page of a profile, which is made for people.

use bytes::Bytes;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, LOCATION, USER_AGENT};
use http::{Request, Response, StatusCode};
use url::Url;

use super::{Answer, MOST_CONTESTS, MOST_RATING, MOST_SOLVED, Platform, Report, Told, encoded};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbound::{Limits, Trouble};

/// What the site calls itself, wherever we reach it.
const NAMES: [&str; 2] = ["www.codechef.com", "codechef.com"];
/// The longest text of an element that is looked at.
const LONGEST_TEXT: usize = 200;

/// What CodeChef tells of an account.
pub(super) async fn ask(app: &App, username: &str, limits: Limits) -> Result<Answer> {
    // They would lead out of the folder of profiles.
    if [".", ".."].contains(&username) {
        return Ok(Answer::Unknown);
    }
    let base = &app.config.codechef_base_url;
    let request = Request::get(format!("{base}/users/{}", encoded(username)))
        // Without them, it takes us for a robot at once.
        .header(USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
        .header(ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
        .header(ACCEPT_LANGUAGE, "en-US,en;q=0.5")
        .body(Bytes::new())
        .map_err(|cause| Error::internal("CodeChef has no address.", cause))?;
    let read = |answer: &Response<Bytes>| read(base, answer);
    let heard = app.platforms.of(Platform::CodeChef).ask(app, &request, limits, read).await?;
    Ok(heard.unwrap_or_else(Answer::Failed))
}

pub(super) fn read(base: &str, answer: &Response<Bytes>) -> Result<Answer, Trouble> {
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(Answer::Unknown),
        status if status.is_redirection() && leads_home(base, answer) => return Ok(Answer::Unknown),
        status => return Err(Trouble::status(status)),
    }
    let page = Page::read(answer.body());
    // Every profile has this; what has not is another page.
    let Some(heading) = page.solved else { return Err(Trouble::passing("its page is not a profile")) };
    let solved = heading.split_once(':').and_then(|(_, number)| first_number(number));
    let figure = |most, text: Option<String>| match text {
        Some(text) => Told::up_to(most, first_number(&text)),
        None => Told::None,
    };
    Ok(Answer::Known(Report {
        rating: figure(MOST_RATING, page.rating),
        solved: Told::up_to(MOST_SOLVED, solved),
        contests: figure(MOST_CONTESTS, page.contests),
    }))
}

/// Whether a redirect leads to the site's front page: there is no such profile.
fn leads_home(base: &str, answer: &Response<Bytes>) -> bool {
    let to = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let (Ok(base), Some(to)) = (Url::parse(base), to) else { return false };
    let Ok(to) = base.join(to) else { return false };
    let ours = to.origin() == base.origin() && to.path().trim_end_matches('/') == base.path().trim_end_matches('/');
    ours || to.path() == "/" && to.host_str().is_some_and(|host| NAMES.contains(&host))
}

/// The number that a text begins with, such as that of `1734` or of `1734?`, which is a provisional rating.
fn first_number(text: &str) -> Option<i64> {
    let text = text.trim_start();
    text[..text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len())].parse().ok()
}

/// What is read of a page: the texts of three elements, if they are there.
#[derive(Default)]
struct Page {
    /// The last `h3` of `section.rating-data-section.problems-solved`.
    solved: Option<String>,
    /// `div.rating-number`.
    rating: Option<String>,
    /// `b` in `div.contest-participated-count`.
    contests: Option<String>,
}

impl Page {
    /// Reads one tag after the other, whatever they are: broken pages and endless ones are read like any other.
    fn read(page: &[u8]) -> Page {
        let mut read = Page::default();
        let mut emitter = DefaultEmitter::default();
        // What stands in a script is no tag.
        emitter.naively_switch_states(true);
        // How deep we are in sections, counted from the one about problems.
        let mut sections = 0_u32;
        let mut counting_contests = false;
        // The field that the text at hand belongs to.
        let mut field: Option<fn(&mut Page) -> &mut Option<String>> = None;
        for token in Tokenizer::new_with_emitter(page, emitter) {
            match token {
                Ok(Token::StartTag(tag)) => match tag.name.as_slice() {
                    b"section" if sections > 0 || has_classes(&tag, &["rating-data-section", "problems-solved"]) => {
                        sections += 1;
                    }
                    b"h3" if sections > 0 => {
                        read.solved = Some(String::new());
                        field = Some(|page| &mut page.solved);
                    }
                    b"div" if read.rating.is_none() && has_classes(&tag, &["rating-number"]) => {
                        read.rating = Some(String::new());
                        field = Some(|page| &mut page.rating);
                    }
                    b"div" if has_classes(&tag, &["contest-participated-count"]) => counting_contests = true,
                    b"b" if counting_contests => {
                        read.contests = Some(String::new());
                        field = Some(|page| &mut page.contests);
                    }
                    _ => {}
                },
                Ok(Token::EndTag(tag)) => match tag.name.as_slice() {
                    b"section" => (sections, field) = (sections.saturating_sub(1), None),
                    b"div" => (counting_contests, field) = (false, None),
                    b"h3" | b"b" => field = None,
                    _ => {}
                },
                Ok(Token::String(text)) => {
                    if let Some(read) =
                        field.and_then(|field| field(&mut read).as_mut()).filter(|read| read.len() < LONGEST_TEXT)
                    {
                        read.extend(String::from_utf8_lossy(&text).chars().take(LONGEST_TEXT));
                    }
                }
                Ok(_) | Err(_) => {}
            }
        }
        read
    }
}

fn has_classes(tag: &StartTag<()>, classes: &[&str]) -> bool {
    let Some(value) = tag.attributes.get(b"class".as_slice()) else { return false };
    let value = String::from_utf8_lossy(value);
    classes.iter().all(|class| value.split_ascii_whitespace().any(|word| word == *class))
}
