//! Answers that nobody would give: whatever comes, reading it ends, and no figure comes of it that nobody can have.

use bytes::Bytes;
use fastrand::Rng;
use http::Response;

use super::{Answer, MOST_CONTESTS, MOST_RATING, MOST_SOLVED, Report, Told, codechef, codeforces, leetcode};

const CASES: u64 = 4_000;

/// Answers as platforms give them; all that is done to them below begins with one of these.
const ANSWERS: [&str; 9] = [
    r#"{"data":{"matchedUser":{"username":"a","submitStats":{"acSubmissionNum":[{"difficulty":"All","count":587}]}},
        "userContestRanking":{"attendedContestsCount":37,"rating":1507.4321}}}"#,
    r#"{"errors":[{"message":"That user does not exist."}],"data":{"matchedUser":null,"userContestRanking":null}}"#,
    r#"{"errors":[{"message":"Internal error while resolving"}],"data":null}"#,
    r#"{"status":"OK","result":[{"handle":"a","rating":1366,"maxRating":1416}]}"#,
    r#"{"status":"OK","result":[{"contestId":1000,"oldRating":1600,"newRating":1603}]}"#,
    r#"{"status":"OK","result":[{"id":7,"contestId":1,"creationTimeSeconds":1700000240,
        "problem":{"contestId":1,"index":"E"},"verdict":"OK"}]}"#,
    r#"{"status":"FAILED","comment":"handles: User with handle a not found"}"#,
    r#"<!doctype html><html><body><div class="rating-header"><div class="rating-number">1734</div></div>
        <div class="contest-participated-count">No. of Contests Participated: <b>41</b></div>
        <section class="rating-data-section problems-solved"><h3>Learning Paths (0)</h3>
        <h3>Total Problems Solved: 907</h3></section></body></html>"#,
    "<!doctype html><html><head><title>Just a moment...</title></head></html>",
];
/// What is put into them.
const PIECES: [&str; 16] = [
    "null",
    "-1",
    "1e308",
    "99999999999999999999",
    "\"",
    "[",
    "{",
    "}",
    "]",
    "<",
    "<section ",
    "</div>",
    "<!--",
    "\0",
    "\u{fffd}",
    "class=rating-number>",
];

fn drawn(random: &mut Rng) -> Vec<u8> {
    let mut bytes = random.choice(ANSWERS).unwrap_or_default().as_bytes().to_vec();
    for _ in 0..random.usize(..6) {
        let at = random.usize(..=bytes.len());
        match random.u8(..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 => drop(bytes.splice(at..at, random.choice(PIECES).unwrap_or_default().bytes())),
            3 => drop(bytes.drain(at..(at + random.usize(..20)).min(bytes.len()))),
            _ => {
                let copied = bytes[..at].to_vec();
                bytes.extend(copied);
            }
        }
    }
    if random.u8(..10) == 0 { std::iter::repeat_with(|| random.u8(..)).take(300).collect() } else { bytes }
}

fn check(report: Report, case: &str) {
    for (told, most) in [(report.rating, MOST_RATING), (report.solved, MOST_SOLVED), (report.contests, MOST_CONTESTS)] {
        assert!(!matches!(told, Told::Number(number) if !(0..=most).contains(&number)), "{case}: {told:?}");
    }
}

#[test]
fn whatever_comes_is_read_to_its_end() {
    for seed in 0..CASES {
        let mut random = Rng::with_seed(seed);
        let body = Bytes::from(drawn(&mut random));
        let status = random.choice([200, 200, 200, 400, 404]).unwrap_or(200);
        let case = format!("seed {seed}");
        let mut answer = Response::new(body);
        *answer.status_mut() = status.try_into().unwrap();
        for read in [leetcode::read(&answer), codechef::read("https://www.codechef.com", &answer)] {
            if let Ok(Answer::Known(report)) = read {
                check(report, &case);
            }
        }
        codeforces::read_anything(&answer, |told| check(Report { rating: told, solved: told, contests: told }, &case));
    }
}

#[test]
fn no_nesting_is_too_deep() {
    for (open, close) in [
        ("[", "]"),
        ("{\"data\":", "}"),
        ("<div>", "</div>"),
        ("<section class='rating-data-section problems-solved'>", ""),
    ] {
        let times = 2 * 1024 * 1024 / (open.len() + close.len());
        let answer = Response::new(Bytes::from(open.repeat(times) + &close.repeat(times)));
        assert!(leetcode::read(&answer).is_err(), "{open}");
        assert!(codechef::read("https://www.codechef.com", &answer).is_err(), "{open}");
        codeforces::read_anything(&answer, |told| panic!("{open}: {told:?}"));
    }
}
