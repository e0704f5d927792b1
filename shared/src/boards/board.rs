//! Boards by name: what is ranked, among whom, and for which stretch of time.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// A leaderboard. Written as `<name>/<scope>/<period>`, such as `training/all/week-2026-W47`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Board {
    /// What is ranked.
    pub name: Name,
    /// Among whom.
    pub scope: Scope,
    /// For which stretch of time.
    pub period: Period,
}

/// How long the entries of a board stay after its period is over.
const KEPT: chrono::Duration = chrono::Duration::days(100);

impl Board {
    /// When what is kept of it may go, in seconds since the Unix epoch; never for one of all time.
    pub(super) fn entries_end(&self) -> Option<i64> {
        self.period.bounds().map(|(_, end)| (end + KEPT).timestamp())
    }
}

/// What a board ranks: lower-case words of Guildhall's own, such as `training`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Among whom a board ranks: everyone, or those with something in common, such as `platform-LeetCode` or `group-7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

/// A stretch of time in UTC. A new one begins a new board, so that no reset rewrites anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// From the first day on.
    AllTime,
    /// A calendar year.
    Year(i32),
    /// A calendar month: the year, and 1 to 12.
    Month(i32, u32),
    /// A week as ISO 8601 counts them: the week's year, and 1 to 53. It begins on a Monday.
    Week(i32, u32),
}

/// A sort of period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Seven days from Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
    /// No end.
    AllTime,
}

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Span; 4] = [Span::Week, Span::Month, Span::Year, Span::AllTime];

    /// The period of this sort that has this moment in it.
    pub fn at(self, at: DateTime<Utc>) -> Period {
        match self {
            Span::Week => Period::Week(at.iso_week().year(), at.iso_week().week()),
            Span::Month => Period::Month(at.year(), at.month()),
            Span::Year => Period::Year(at.year()),
            Span::AllTime => Period::AllTime,
        }
    }

    /// The period of this sort that was the last to end at this moment, if this sort ends.
    pub fn ended_by(self, at: DateTime<Utc>) -> Option<Period> {
        let (begin, _) = self.at(at).bounds()?;
        Some(self.at(begin - chrono::Duration::seconds(1)))
    }
}

impl Period {
    /// What sort of period it is.
    pub fn span(self) -> Span {
        match self {
            Period::AllTime => Span::AllTime,
            Period::Year(_) => Span::Year,
            Period::Month(..) => Span::Month,
            Period::Week(..) => Span::Week,
        }
    }

    /// Its first moment, and the first one after it; none for all time.
    pub fn bounds(self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let begin = match self {
            Period::AllTime => return None,
            Period::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1)?,
            Period::Month(year, month) => NaiveDate::from_ymd_opt(year, month, 1)?,
            Period::Week(year, week) => NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?,
        };
        let end = match self {
            Period::Week(..) => begin.checked_add_days(Days::new(7))?,
            Period::Month(..) => begin.checked_add_months(Months::new(1))?,
            _ => begin.checked_add_months(Months::new(12))?,
        };
        Some((begin.and_time(NaiveTime::MIN).and_utc(), end.and_time(NaiveTime::MIN).and_utc()))
    }

    /// In words, such as "week 47 of 2026".
    pub fn in_words(self) -> String {
        match self {
            Period::AllTime => "all time".to_owned(),
            Period::Year(year) => year.to_string(),
            Period::Month(year, month) => match NaiveDate::from_ymd_opt(year, month, 1) {
                Some(day) => day.format("%B %Y").to_string(),
                None => self.to_string(),
            },
            Period::Week(year, week) => format!("week {week} of {year}"),
        }
    }

    /// Whether it is over at this moment.
    pub fn is_over(self, at: DateTime<Utc>) -> bool {
        self.bounds().is_some_and(|(_, end)| end <= at)
    }
}

impl Name {
    /// A name that stands in the code: of which a test says that they are names.
    pub fn of(name: &'static str) -> Name {
        Name(name.to_owned())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lowest score that such a board shows. Who has less is not on it, until they have more.
    pub fn lowest(&self) -> i64 {
        match self.0.as_str() {
            // Points won by training, swapping and reviewing: nobody is listed with nothing.
            super::TRAINING | super::XP | super::SWAPS | super::REVIEWS => 1,
            _ => i64::MIN,
        }
    }
}

impl Scope {
    /// Everyone.
    pub fn all() -> Scope {
        Scope("all".to_owned())
    }

    /// Those who have `value` for a `kind`. Of other characters than letters and digits the value keeps its meaning
    /// in hexadecimal, so that two values never make one scope.
    pub fn of(kind: &'static str, value: &str) -> Scope {
        let escape = |letter: char| match letter {
            letter if letter.is_ascii_alphanumeric() => letter.to_string(),
            letter => format!(".{:x}.", u32::from(letter)),
        };
        Scope(format!("{kind}-{}", value.chars().map(escape).collect::<String>()))
    }
}

/// A text that names no board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotABoard;

impl fmt::Display for NotABoard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a board")
    }
}

impl std::error::Error for NotABoard {}

impl FromStr for Name {
    type Err = NotABoard;

    fn from_str(text: &str) -> Result<Name, NotABoard> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(good) {
            Ok(Name(text.to_owned()))
        } else {
            Err(NotABoard)
        }
    }
}

impl FromStr for Scope {
    type Err = NotABoard;

    fn from_str(text: &str) -> Result<Scope, NotABoard> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let good = |text: &str| text.bytes().all(good) && text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if (1..=128).contains(&text.len()) && good(text) { Ok(Scope(text.to_owned())) } else { Err(NotABoard) }
    }
}

impl FromStr for Period {
    type Err = NotABoard;

    fn from_str(text: &str) -> Result<Period, NotABoard> {
        let number = |text: &str| text.parse::<i32>().map_err(|_| NotABoard);
        let two = |text: &str, between: &str| {
            let (year, part) = text.split_once(between).ok_or(NotABoard)?;
            Ok((number(year)?, u32::try_from(number(part)?).map_err(|_| NotABoard)?))
        };
        let period = match text.split_once('-') {
            None if text == "all" => Period::AllTime,
            Some(("year", year)) => Period::Year(number(year)?),
            Some(("month", month)) => two(month, "-").map(|(year, month)| Period::Month(year, month))?,
            Some(("week", week)) => two(week, "-W").map(|(year, week)| Period::Week(year, week))?,
            _ => return Err(NotABoard),
        };
        // One text per period, and only such as there are.
        let exists = period == Period::AllTime || period.bounds().is_some();
        if exists && period.to_string() == text { Ok(period) } else { Err(NotABoard) }
    }
}

impl FromStr for Board {
    type Err = NotABoard;

    fn from_str(text: &str) -> Result<Board, NotABoard> {
        let mut parts = text.split('/');
        let (Some(name), Some(scope), Some(period), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotABoard);
        };
        Ok(Board { name: name.parse()?, scope: scope.parse()?, period: period.parse()? })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::AllTime => out.write_str("all"),
            Period::Year(year) => write!(out, "year-{year:04}"),
            Period::Month(year, month) => write!(out, "month-{year:04}-{month:02}"),
            Period::Week(year, week) => write!(out, "week-{year:04}-W{week:02}"),
        }
    }
}

impl fmt::Display for Board {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.name.0, self.scope.0, self.period)
    }
}

/// What is written as text is kept as that text.
macro_rules! kept_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

kept_as_text!(Board);
kept_as_text!(Period);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_is_whole_across_the_turn_of_a_year() {
        assert_eq!(Span::Week.at(at("2026-12-31T23:59:59Z")), Period::Week(2026, 53));
        assert_eq!(Span::Week.at(at("2027-01-03T23:59:59Z")), Period::Week(2026, 53));
        assert_eq!(Span::Week.at(at("2027-01-04T00:00:00Z")), Period::Week(2027, 1));
        assert_eq!(Span::Month.at(at("2027-01-03T23:59:59Z")), Period::Month(2027, 1));
    }

    #[test]
    fn the_last_period_to_end_is_the_one_before() {
        let midnight = at("2027-01-04T00:00:00Z");
        assert_eq!(Span::Week.ended_by(midnight), Some(Period::Week(2026, 53)));
        assert_eq!(Span::Month.ended_by(midnight), Some(Period::Month(2026, 12)));
        assert_eq!(Span::Year.ended_by(midnight), Some(Period::Year(2026)));
        assert_eq!(Span::AllTime.ended_by(midnight), None);
        let (begin, end) = Period::Week(2026, 53).bounds().unwrap();
        assert_eq!((begin, end), (at("2026-12-28T00:00:00Z"), midnight));
        assert!(Period::Week(2026, 53).is_over(end) && !Period::Week(2026, 53).is_over(begin));
    }

    #[test]
    fn a_board_reads_what_it_writes_and_nothing_else() {
        for text in ["training/all/week-2026-W47", "game/all/all", "solved/platform-LeetCode/month-2026-01"] {
            assert_eq!(text.parse::<Board>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "a/b",
            "a/b/c",
            "a/all/week-2026-W54",
            "a/all/month-2026-1",
            "A/all/all",
            "a/all/all/all",
            "a/../all",
            "a/all/year-02026",
        ] {
            assert_eq!(text.parse::<Board>(), Err(NotABoard), "{text}");
        }
    }

    #[test]
    fn the_names_in_the_code_are_names() {
        for name in super::super::NAMES.into_iter().chain([super::super::RATING, super::super::SOLVED]) {
            assert_eq!(name.parse(), Ok(Name::of(name)));
        }
    }

    #[test]
    fn two_values_never_make_one_scope() {
        let scopes = ["a b", "a.20.b", "a-b", "ab"].map(|value| Scope::of("group", value));
        assert!(scopes.iter().enumerate().all(|(place, scope)| !scopes[..place].contains(scope)));
        assert!(scopes.iter().all(|scope| scope.0.parse::<Scope>().as_ref() == Ok(scope)));
    }
}
