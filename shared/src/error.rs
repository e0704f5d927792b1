//! What can go wrong, in words that know nothing of HTTP.
//!
//! A kind follows what the caller can do next. The dialect of the route turns it into a status and a body
//! ([`crate::dialect`]); the cause goes to the log, once, and to nobody else.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The result of everything that may be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request could not be read: mend its form.
    Unreadable,
    /// Nobody is signed in, or not any more: sign in.
    Unauthenticated,
    /// Signed in, but this is not theirs to do.
    Forbidden,
    /// Absent, or not for this caller to know about.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The state of things stands against it.
    Conflict,
    /// The body is larger than the route takes.
    TooLarge,
    /// The body is in a form that the route does not take.
    UnsupportedMedia,
    /// Read, understood, and wrong: mend the values.
    Invalid,
    /// Too many attempts: wait.
    TooMany,
    /// This deployment does not offer it.
    Unavailable,
    /// Somebody else's service failed us: try later.
    Elsewhere,
    /// Somebody else's service took too long: try later.
    TooSlow,
    /// Our fault; the caller gets a request id and no more.
    Internal,
}

/// A refusal: for the caller a kind, a stable code and a sentence; for the log the cause. Everything may end in one, so it
/// is passed on as a pointer.
#[derive(Debug)]
pub struct Error(Box<Parts>);

/// The parts of an [`Error`], to be read through it.
#[derive(Debug)]
pub struct Parts {
    /// What the caller can do about it.
    pub kind: Kind,
    /// A stable word for programs, `snake_case`.
    pub code: &'static str,
    /// A sentence for people, as the route's contract words it.
    pub message: Cow<'static, str>,
    /// What is wrong with which field, all at once; empty when the trouble is not in a field.
    pub fields: Vec<(Cow<'static, str>, Vec<Cow<'static, str>>)>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Deref for Error {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

impl Error {
    fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        let message = message.into();
        Error(Box::new(Parts { kind, code, message, fields: Vec::new(), retry_after: None, cause: None }))
    }

    fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.cause = Some(cause.into());
        self
    }

    /// The request could not be read.
    pub fn unreadable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Unreadable, code, message)
    }

    /// Nobody is signed in.
    pub fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Unauthenticated, code, message)
    }

    /// Signed in, but not theirs to do.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Forbidden, code, message)
    }

    /// Absent, or not for this caller to know about.
    pub fn not_found() -> Error {
        Error::new(Kind::NotFound, "not_found", "Not found.")
    }

    /// The path exists, the method does not.
    pub fn method_not_allowed(method: &str) -> Error {
        // A method is a token of any length, and goes back to whoever sent it.
        let shown: String = method.chars().take(20).collect();
        Error::new(Kind::MethodNotAllowed, "method_not_allowed", format!("Method \"{shown}\" not allowed."))
    }

    /// The list has no such page.
    pub fn no_such_page() -> Error {
        Error::new(Kind::NotFound, "not_found", "Invalid page.")
    }

    /// The state of things stands against it.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Conflict, code, message)
    }

    /// Two changes of the same thing met, and this one came second.
    pub fn changed_meanwhile() -> Error {
        Error::conflict("changed_meanwhile", "The account was changed at the same time. Try again.")
    }

    /// The body is larger than the route takes.
    pub fn too_large(limit: usize) -> Error {
        Error::new(Kind::TooLarge, "too_large", format!("The request body is larger than {limit} bytes."))
    }

    /// The body is in a form that the route does not take.
    pub fn unsupported_media(media: &str) -> Error {
        let shown: String = media.chars().filter(|char| !char.is_control()).take(100).collect();
        let message = format!("Unsupported media type \"{shown}\" in request.");
        Error::new(Kind::UnsupportedMedia, "unsupported_media_type", message)
    }

    /// Wrong values that do not belong to one field.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Invalid, code, message)
    }

    /// One wrong field.
    pub fn invalid_field(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Error {
        let mut problems = Problems::default();
        problems.add(field, message);
        problems.into_error()
    }

    /// Too many attempts; `retry_after` is in seconds.
    pub fn too_many(code: &'static str, message: impl Into<Cow<'static, str>>, retry_after: u64) -> Error {
        Error::new(Kind::TooMany, code, message).retry_after(retry_after)
    }

    /// This deployment does not offer it.
    pub fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Unavailable, code, message)
    }

    /// Somebody else's service failed us; the cause goes to the log.
    pub fn elsewhere(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::new(Kind::Elsewhere, code, message).because(cause)
    }

    /// Somebody else's service took too long; the cause goes to the log.
    pub fn too_slow(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::new(Kind::TooSlow, code, message).because(cause)
    }

    /// Our fault. `what` says what we were about; it goes to the log with the cause.
    pub fn internal(what: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::new(Kind::Internal, "internal", what).because(cause)
    }

    /// The cause in a few words, for a record that no caller sees.
    pub fn cause(&self) -> String {
        self.cause.as_ref().map_or_else(|| self.code.to_owned(), ToString::to_string)
    }

    /// The same error by another code.
    pub fn coded(mut self, code: &'static str) -> Error {
        self.code = code;
        self
    }

    /// The same error in other words.
    pub fn worded(mut self, message: impl Into<Cow<'static, str>>) -> Error {
        self.message = message.into();
        self
    }

    /// The same error with a time to wait, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Error {
        self.retry_after = Some(seconds.max(1));
        self
    }
}

impl fmt::Display for Error {
    /// For the log: what happened and every cause below it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.message, self.code)?;
        let mut cause: Option<&dyn std::error::Error> = self.cause.as_ref().map(|cause| &**cause as _);
        while let Some(error) = cause {
            write!(out, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Collects what is wrong with the fields of one input, so that the caller hears everything at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<(Cow<'static, str>, Vec<Cow<'static, str>>)>);

impl Problems {
    /// Adds one sentence about one field.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        let (field, message) = (field.into(), message.into());
        match self.0.iter_mut().find(|(known, _)| *known == field) {
            Some((_, messages)) => messages.push(message),
            None => self.0.push((field, vec![message])),
        }
    }

    /// The value, or a note of what is wrong with the field and `None`.
    pub fn check<T>(&mut self, field: &'static str, parsed: Result<T, impl Into<Cow<'static, str>>>) -> Option<T> {
        parsed.map_err(|message| self.add(field, message)).ok()
    }

    /// Fails if anything was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_error()) }
    }

    fn into_error(self) -> Error {
        let mut error = Error::new(Kind::Invalid, "invalid", "Some fields are not valid.");
        error.fields = self.0;
        error
    }
}
