//! SQL values, as SQLite has them.

use twilight_model::id::Id;

use crate::{
    abi::StorageValue,
    error::{Error, Result},
};

/// A value of SQLite's. [`params!`](crate::params) makes them from Rust's.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let user: Id<marker::UserMarker> = Id::new(613_425_648_685_547_541);
/// let values = params![user, "tea", 3, 0.5, true, None::<String>, vec![0_u8, 255]];
/// assert_eq!(values[0], Value::Integer(613_425_648_685_547_541));
/// assert_eq!((&values[1], &values[4]), (&Value::Text("tea".into()), &Value::Integer(1)));
/// assert_eq!((&values[5], &values[6]), (&Value::Null, &Value::Blob(vec![0, 255])));
/// ```
///
/// There is none of `u64`, which SQLite's whole numbers can't hold; ids fit, and for others `i64::try_from` decides.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A whole number; booleans are 0 and 1.
    Integer(i64),
    /// A number. What is no number (NaN) becomes null.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Makes the values for a statement's parameters, in order: `params![user, "tea", 3]`. They are borrowed: what was named is
/// still there afterwards.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn rename(database: &Database, id: i64, name: String) -> Result<String> {
///     database.execute("UPDATE shop__items SET name = ?2 WHERE id = ?1", params![id, name]).await?;
///     Ok(format!("It is called {name} now."))
/// }
/// ```
///
/// A `u64` may be too great for SQLite, and does not compile:
///
/// ```compile_fail,E0277
/// # use plugin_api::prelude::*;
/// let coins: u64 = 3;
/// let values = params![coins];
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec::Vec::<$crate::Value>::from([$($crate::ToValue::to_value(&$value)),*])
    };
}

/// A type that [`params!`](crate::params) takes: numbers but `u64`, `bool`, texts, bytes, ids, and `Option` of each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a parameter of a statement",
    label = "a number of up to 64 bits with a sign, `bool`, text, bytes, an `Id`, or an `Option` of these is expected",
    note = "SQLite has no `u64` and no `usize`: `i64::try_from(value)?` says whether it fits; an `Id` goes as it is"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        T::to_value(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T> ToValue for Id<T> {
    fn to_value(&self) -> Value {
        (*self).into()
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        self.as_slice().into()
    }
}

macro_rules! to_values {
    ($($ty:ty: $this:ident => $from:expr;)*) => {$(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                let $this = self;
                $from.into()
            }
        }
    )*};
}

to_values! {
    i8: this => *this;
    i16: this => *this;
    i32: this => *this;
    i64: this => *this;
    u8: this => *this;
    u16: this => *this;
    u32: this => *this;
    f32: this => *this;
    f64: this => *this;
    bool: this => *this;
    str: this => this;
    String: this => this;
    [u8]: this => this;
    Vec<u8>: this => this.as_slice();
    Value: this => this.clone();
}

impl Value {
    /// As it crosses; blobs go to the end of `body`.
    pub(in crate::host) fn into_boundary(self, body: &mut Vec<u8>) -> StorageValue {
        match self {
            Self::Null => StorageValue::Null,
            Self::Integer(integer) => StorageValue::Integer(integer),
            Self::Real(real) if real.is_nan() => StorageValue::Null,
            Self::Real(real) if real.is_infinite() => StorageValue::Infinite {
                real: real.to_string(),
            },
            Self::Real(real) => StorageValue::Real(real),
            Self::Text(text) => StorageValue::Text(text),
            Self::Blob(bytes) => {
                let at = body.len() as u64;
                body.extend_from_slice(&bytes);
                StorageValue::Blob {
                    blob: (at, bytes.len() as u64),
                }
            }
        }
    }

    pub(super) fn from_boundary(value: StorageValue, body: &[u8]) -> Result<Self> {
        Ok(match value {
            StorageValue::Null => Self::Null,
            StorageValue::Integer(integer) => Self::Integer(integer),
            StorageValue::Real(real) => Self::Real(real),
            StorageValue::Text(text) => Self::Text(text),
            StorageValue::Infinite { real } => Self::Real(real.parse()?),
            StorageValue::Unknown(value) => {
                return Err(Error::new(format!(
                    "the host answers {value}, which this plugin's plugin-api ({}) does not know: build the plugin with the host's",
                    crate::abi::API_VERSION
                )));
            }
            StorageValue::Blob { blob: (at, length) } => {
                let bytes = usize::try_from(at)
                    .ok()
                    .and_then(|at| body.get(at..at.checked_add(usize::try_from(length).ok()?)?));
                let bytes = bytes.ok_or(Error::new("a blob lies outside of the host's answer"))?;
                Self::Blob(bytes.to_vec())
            }
        })
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                Self::Integer(value.into())
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, u8, u16, u32, bool);

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Self::Real(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<T> From<Id<T>> for Value {
    fn from(value: Id<T>) -> Self {
        // A snowflake's first bit is its time's, and stays 0 until the year 2084. Beyond, it is the same 64 bits.
        Self::Integer(value.get().cast_signed())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cross_as_they_are() {
        let all = [
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Integer(i64::MAX),
            Value::Real(1.0),
            Value::Real(f64::INFINITY),
            Value::Real(f64::NEG_INFINITY),
            Value::Text("null".into()),
            Value::Text(String::new()),
            Value::Blob(vec![]),
            Value::Blob(vec![0, 159, 146, 150]),
            Value::Blob(vec![7]),
        ];
        let mut body = Vec::new();
        let crossing: Vec<StorageValue> = all
            .iter()
            .map(|value| value.clone().into_boundary(&mut body))
            .collect();
        let json = serde_json::to_string(&crossing).unwrap();
        let back: Vec<StorageValue> = serde_json::from_str(&json).unwrap();
        let back: Vec<Value> = back
            .into_iter()
            .map(|value| Value::from_boundary(value, &body).unwrap())
            .collect();
        assert_eq!(back, all, "{json}");
        let outside = StorageValue::Blob {
            blob: (3, u64::MAX),
        };
        assert!(Value::from_boundary(outside, &body).is_err());
        assert_eq!(
            Value::Real(f64::NAN).into_boundary(&mut body),
            StorageValue::Null
        );
    }
}
