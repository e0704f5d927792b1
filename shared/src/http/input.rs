//! What a request brings, before anyone knows what it ought to be: JSON or a form as one tree, which is then read as the
//! type that a handler asks for. So that type's reading is compiled once and not for every media type, and nothing but
//! the tree knows how a mistake is worded.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};

/// A value, as it was sent.
#[derive(Debug)]
pub(super) enum Input {
    Null,
    Flag(bool),
    Unsigned(u64),
    Signed(i64),
    Fraction(f64),
    Text(String),
    /// A field of a form, in which everything is text.
    Filled(String),
    List(Vec<Input>),
    /// In its order, and with every repetition, which is for the reader to refuse.
    Object(Vec<(String, Input)>),
}

impl Input {
    /// A JSON object. No body at all is an empty one; one of nothing but blanks is no JSON.
    pub fn of_json(bytes: &[u8]) -> Result<Input> {
        let malformed = || Error::unreadable("malformed", "The body is not valid JSON.");
        match bytes.trim_ascii() {
            [] if bytes.is_empty() => Ok(Input::Object(Vec::new())),
            object @ [b'{', ..] => serde_json::from_slice(object).map_err(|_| malformed()),
            _ => Err(malformed()),
        }
    }

    /// The fields of a form or of a query.
    pub fn of_form(bytes: &[u8]) -> Input {
        let fields = form_urlencoded::parse(bytes);
        Input::Object(fields.map(|(name, text)| (name.into(), Input::Filled(text.into()))).collect())
    }

    /// The value that this ought to be. What is wrong with it is told without quoting it, since it may be a secret.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(self).map_err(|Mistake { path, expected }| match expected {
            Some(expected) if !path.is_empty() => Error::invalid_field(path, format!("Expected {expected}.")),
            _ => Error::unreadable("malformed", "The body does not have the expected form."),
        })
    }
}

/// What is wrong with an input, and where: `skills[0].name`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mistake {
    path: String,
    expected: Option<String>,
}

impl Mistake {
    fn expected(expected: &dyn Expected) -> Mistake {
        Mistake { expected: Some(expected.to_string()), ..Mistake::default() }
    }

    fn within(mut self, outer: &str) -> Mistake {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{outer}{joint}{}", self.path);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the input is not what it should be")
    }
}

impl std::error::Error for Mistake {}

impl serde::de::Error for Mistake {
    fn custom<T: fmt::Display>(_: T) -> Mistake {
        Mistake::default()
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Mistake {
        Mistake::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Mistake {
        Mistake::expected(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Mistake {
        let names: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        Mistake { expected: Some(format!("one of {}", names.join(", "))), ..Mistake::default() }
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Mistake {
        Mistake::expected(expected)
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Input, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Input;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Input, E> {
        Ok(Input::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Input, E> {
        Ok(Input::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Input, E> {
        Ok(Input::Unsigned(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Input, E> {
        Ok(Input::Signed(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Input, E> {
        Ok(Input::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Input, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Input::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Input, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Input::Object(fields))
    }
}

/// Numbers and truth values, which forms write as text.
macro_rules! from_text {
    ($($deserialize:ident: $type:ty => $visit:ident,)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            match self {
                Input::Filled(text) => text.parse::<$type>().map_err(Mistake::custom).and_then(|value| visitor.$visit(value)),
                other => other.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Input {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Input::Null => visitor.visit_unit(),
            Input::Flag(flag) => visitor.visit_bool(flag),
            Input::Unsigned(number) => visitor.visit_u64(number),
            Input::Signed(number) => visitor.visit_i64(number),
            Input::Fraction(number) => visitor.visit_f64(number),
            Input::Text(text) | Input::Filled(text) => visitor.visit_string(text),
            Input::List(items) => visitor.visit_seq(Items { next: 0, rest: items.into_iter() }),
            Input::Object(fields) => visitor.visit_map(Fields { rest: fields.into_iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Input::Null => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    /// A list would pass for a struct, by the order of its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Input::List(_) => Err(Mistake::invalid_type(Unexpected::Seq, &visitor)),
            other => other.deserialize_any(visitor),
        }
    }

    /// Only by the names of variants that hold nothing; our contracts have no others.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Input::Text(name) | Input::Filled(name) => visitor.visit_enum(name.into_deserializer()),
            other => other.deserialize_any(visitor),
        }
    }

    from_text! {
        deserialize_bool: bool => visit_bool,
        deserialize_i8: i8 => visit_i8,
        deserialize_i16: i16 => visit_i16,
        deserialize_i32: i32 => visit_i32,
        deserialize_i64: i64 => visit_i64,
        deserialize_u8: u8 => visit_u8,
        deserialize_u16: u16 => visit_u16,
        deserialize_u32: u32 => visit_u32,
        deserialize_u64: u64 => visit_u64,
        deserialize_f32: f32 => visit_f32,
        deserialize_f64: f64 => visit_f64,
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// A list on its way into a type.
struct Items {
    next: usize,
    rest: std::vec::IntoIter<Input>,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mistake> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let place = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|mistake| mistake.within(&format!("[{place}]")))
    }
}

/// An object on its way into a type.
struct Fields {
    rest: std::vec::IntoIter<(String, Input)>,
    value: Option<(String, Input)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Mistake;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mistake> {
        self.value = self.rest.next();
        let Some((name, _)) = &self.value else { return Ok(None) };
        let name: StrDeserializer<'_, Mistake> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let (name, value) = self.value.take().ok_or_else(Mistake::default)?;
        seed.deserialize(value).map_err(|mistake| mistake.within(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Kind;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Way {
        Up,
        Down,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Whole {
        text: Option<String>,
        number: Option<i64>,
        small: Option<u8>,
        fraction: Option<f64>,
        flag: Option<bool>,
        way: Option<Way>,
        anything: Option<Value>,
        parts: Vec<Part>,
        part: Option<Part>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Part {
        name: String,
    }

    fn json(text: &str) -> Result<Whole> {
        Input::of_json(text.as_bytes())?.read()
    }

    fn form(text: &str) -> Result<Whole> {
        Input::of_form(text.as_bytes()).read()
    }

    /// The field that is wrong, and what it is told; or the code of a refusal of the whole.
    fn wrong(read: Result<Whole>) -> String {
        let error = read.unwrap_err();
        match error.kind {
            Kind::Invalid => format!("{}: {}", error.fields[0].0, error.fields[0].1[0]),
            _ => error.code.to_owned(),
        }
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let sent = r#"{"text":"a\u00e4","number":-5,"small":5,"fraction":1.5,"flag":true,"way":"down",
            "anything":{"a":[null,18446744073709551615,-1,0.5,"x"]},"parts":[{"name":"x","unknown":[[]]}],"part":null}"#;
        let whole = Whole {
            text: Some("aä".to_owned()),
            number: Some(-5),
            small: Some(5),
            fraction: Some(1.5),
            flag: Some(true),
            way: Some(Way::Down),
            anything: Some(json!({ "a": [null, u64::MAX, -1, 0.5, "x"] })),
            parts: vec![Part { name: "x".to_owned() }],
            part: None,
        };
        assert_eq!(json(sent).unwrap(), whole);
        let filled = form("text=a%C3%A4+b&number=-5&small=5&fraction=1.5&flag=true&way=up&anything=1&other=x").unwrap();
        let whole = Whole {
            text: Some("aä b".to_owned()),
            anything: Some(json!("1")),
            way: Some(Way::Up),
            parts: vec![],
            ..whole
        };
        assert_eq!(filled, whole);
        assert_eq!((json("").unwrap(), form("").unwrap()), (Whole::default(), Whole::default()));
    }

    #[test]
    fn a_mistake_names_its_place_and_never_the_value() {
        for (sent, told) in [
            (r#"{"text":5}"#, "text: Expected a string."),
            (r#"{"number":"5"}"#, "number: Expected i64."),
            (r#"{"small":256}"#, "small: Expected u8."),
            (r#"{"flag":"it is expected to be secret"}"#, "flag: Expected a boolean."),
            (r#"{"parts":5}"#, "parts: Expected a sequence."),
            (r#"{"parts":[{"name":"x"},{"name":5}]}"#, "parts[1].name: Expected a string."),
            (r#"{"parts":[{"name":"x"},5]}"#, "parts[1]: Expected struct Part."),
            (r#"{"part":{"name":null}}"#, "part.name: Expected a string."),
            (r#"{"part":["x"]}"#, "part: Expected struct Part."),
            (r#"{"way":"sideways"}"#, "way: Expected one of `up`, `down`."),
        ] {
            assert_eq!(wrong(json(sent)), told, "{sent}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_whole_is_told_of_the_whole() {
        for sent in [" ", "[]", "5", "{", r#"{"text":"a"}x"#, r#"{"text":"a",}"#, r#"{"a":1"#, "\u{feff}{}"] {
            assert_eq!(wrong(json(sent)), "malformed", "{sent}");
        }
        for sent in [r#"{"text":"a","text":"b"}"#, r#"{"part":{}}"#] {
            assert_eq!(wrong(json(sent)), "malformed", "{sent}");
        }
        for sent in ["text=a&text=b", "number=five", "flag=1", "small=256"] {
            assert_eq!(wrong(form(sent)), "malformed", "{sent}");
        }
        assert_eq!(wrong(form("parts=x")), "parts: Expected a sequence.");
    }

    #[test]
    fn json_nests_only_so_deep() {
        let nested = |deep: usize| format!(r#"{{"anything":{}{}}}"#, "[".repeat(deep), "]".repeat(deep));
        assert!(json(&nested(100)).is_ok());
        assert_eq!(wrong(json(&nested(10_000))), "malformed");
    }
}
