//! Fields of a body as clients of forms and of JavaScript send them: left out, `null`, or a value that may be written as
//! text. Nothing is refused while the body is read, so that a caller hears of every wrong field at once.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Problems;

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";

/// One field; `#[serde(default)]` makes it absent where it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Left out.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// Something that is no such value.
    Wrong,
    /// A value.
    Given(T),
}

/// A value that clients write in more than one form.
pub trait Loose: Sized {
    /// What whoever sends something else is told.
    const WRONG: &'static str;

    /// Reads it from text.
    fn of_text(text: &str) -> Option<Self>;

    /// Reads it from a number.
    fn of_integer(number: i64) -> Option<Self>;

    /// Reads it from a truth value.
    fn of_flag(_: bool) -> Option<Self> {
        None
    }
}

impl Loose for String {
    const WRONG: &'static str = "Not a valid string.";

    fn of_text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn of_integer(number: i64) -> Option<String> {
        Some(number.to_string())
    }
}

impl Loose for i64 {
    const WRONG: &'static str = "A valid integer is required.";

    fn of_text(text: &str) -> Option<i64> {
        text.trim().parse().ok()
    }

    fn of_integer(number: i64) -> Option<i64> {
        Some(number)
    }
}

impl Loose for bool {
    const WRONG: &'static str = "Must be a valid boolean.";

    fn of_text(text: &str) -> Option<bool> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Some(true),
            "false" | "0" | "off" | "no" => Some(false),
            _ => None,
        }
    }

    fn of_integer(number: i64) -> Option<bool> {
        (0..=1).contains(&number).then_some(number == 1)
    }

    fn of_flag(flag: bool) -> Option<bool> {
        Some(flag)
    }
}

impl<T: Loose> Field<T> {
    /// The value of a field that must be there.
    pub fn required(self, problems: &mut Problems, name: &'static str) -> Option<T> {
        if matches!(self, Field::Absent) {
            problems.add(name, REQUIRED);
        }
        self.optional(problems, name)
    }

    /// The value of a field that may be left out.
    pub fn optional(self, problems: &mut Problems, name: &'static str) -> Option<T> {
        if matches!(self, Field::Null) {
            problems.add(name, NULL);
        }
        self.nullable(problems, name).flatten()
    }

    /// The value of a field that may be left out, or be nothing on purpose.
    pub fn nullable(self, problems: &mut Problems, name: &'static str) -> Option<Option<T>> {
        match self {
            Field::Absent => None,
            Field::Null => Some(None),
            Field::Given(value) => Some(Some(value)),
            Field::Wrong => {
                problems.add(name, T::WRONG);
                None
            }
        }
    }

    /// The value, where there is one; whatever else there is counts as none.
    pub fn value(self) -> Option<T> {
        match self {
            Field::Given(value) => Some(value),
            Field::Absent | Field::Null | Field::Wrong => None,
        }
    }
}

impl<'de, T: Loose> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Field<T>, D::Error> {
        from.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: Loose> Reader<T> {
    fn read(value: Option<T>) -> Field<T> {
        value.map_or(Field::Wrong, Field::Given)
    }
}

impl<'de, T: Loose> Visitor<'de> for Reader<T> {
    type Value = Field<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(Reader::read(T::of_text(text)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field<T>, E> {
        Ok(Reader::read(T::of_integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field<T>, E> {
        Ok(Reader::read(i64::try_from(number).ok().and_then(T::of_integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field<T>, E> {
        // 5.0 is what some clients make of 5.
        let whole = number.fract() == 0.0 && number.abs() < 9e15;
        Ok(Reader::read(whole.then_some(number as i64).and_then(T::of_integer)))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Field<T>, E> {
        Ok(Reader::read(T::of_flag(flag)))
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Null)
    }

    fn visit_none<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Field<T>, D::Error> {
        Field::deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong)
    }
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::Input;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Fields {
        text: Field<String>,
        number: Field<i64>,
        flag: Field<bool>,
    }

    fn read(json: &str) -> Fields {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn values_are_taken_in_every_form_that_clients_have() {
        let fields = Fields { text: Field::Given("5".into()), number: Field::Given(5), flag: Field::Given(true) };
        assert_eq!(read(r#"{"text":"5","number":5,"flag":true}"#), fields);
        assert_eq!(read(r#"{"text":5,"number":"5","flag":"true"}"#), fields);
        assert_eq!(read(r#"{"text":"5","number":5.0,"flag":1}"#), fields);
        let form = Input::of_form(b"text=5&number=5&flag=on");
        assert_eq!(form.read::<Fields>().unwrap(), fields);
    }

    #[test]
    fn what_is_left_out_differs_from_what_is_null_and_from_what_is_wrong() {
        assert_eq!(read("{}"), Fields::default());
        assert_eq!(read(r#"{"text":null,"number":null,"flag":null}"#).number, Field::Null);
        let wrong = Fields { text: Field::Wrong, number: Field::Wrong, flag: Field::Wrong };
        assert_eq!(read(r#"{"text":[[1]],"number":{"a":1},"flag":"maybe"}"#), wrong);
        assert_eq!(read(r#"{"text":true,"number":1.5,"flag":2}"#), wrong);
        assert_eq!(read(r#"{"number":18446744073709551615}"#).number, Field::Wrong);
    }

    #[test]
    fn each_use_words_its_own_refusal() {
        let told = |read: fn(Field<i64>, &mut Problems) -> bool| {
            [Field::Absent, Field::Null, Field::Wrong, Field::Given(1)].map(|field| {
                let mut problems = Problems::default();
                let read = read(field, &mut problems);
                (read, problems.finish().err().map_or(String::new(), |error| error.fields[0].1.join(" ")))
            })
        };
        let no = |sentence: &str| (false, sentence.to_owned());
        let yes = (true, String::new());
        let (null, wrong) = (no("This field may not be null."), no("A valid integer is required."));
        assert_eq!(
            told(|field, problems| field.required(problems, "n").is_some()),
            [no("This field is required."), null.clone(), wrong.clone(), yes.clone()]
        );
        assert_eq!(
            told(|field, problems| field.optional(problems, "n").is_some()),
            [no(""), null, wrong.clone(), yes.clone()]
        );
        assert_eq!(told(|field, problems| field.nullable(problems, "n").is_some()), [no(""), yes.clone(), wrong, yes]);
    }
}
