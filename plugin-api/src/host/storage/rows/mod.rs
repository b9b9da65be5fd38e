//! Rows, and how they become the plugin's own types.

use serde::{
    de::{
        self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor,
        value::{Error as DeError, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::Value;
use crate::{
    abi::StorageValue,
    error::{Error, Result},
};

/// The rows of a query.
///
/// ```
/// use plugin_api::prelude::*;
/// use serde::Deserialize;
///
/// /// Fields are found by the names of the columns.
/// #[derive(Deserialize)]
/// struct Item { name: String, price: i64 }
///
/// async fn shop(database: &Database) -> Result {
///     let rows = database.query("SELECT name, price FROM shop__items", params![]).await?;
///     let items: Vec<Item> = rows.read()?;
///     // A tuple takes them in order, and a single column needs neither.
///     let pairs: Vec<(String, i64)> = rows.read()?;
///     let count: Option<u64> = database.query("SELECT count(*) FROM shop__items", params![]).await?.first()?;
///     assert_eq!((items.len(), count), (pairs.len(), Some(rows.len() as u64)));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Rows {
    sql: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    pub(in crate::host) fn new(
        sql: String,
        columns: Vec<String>,
        rows: Vec<Vec<StorageValue>>,
        body: &[u8],
    ) -> Result<Self> {
        let row = |row: Vec<StorageValue>| {
            row.into_iter()
                .map(|value| Value::from_boundary(value, body))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            rows: rows.into_iter().map(row).collect::<Result<_>>()?,
            sql,
            columns,
        })
    }

    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row {
            columns: &self.columns,
            values,
        })
    }

    /// All rows as a type of yours: a struct with the columns' names, a tuple, or the one column's own type.
    ///
    /// # Errors
    ///
    /// A row does not fit; the error names the query, the row and the column.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let read = |(at, row): (usize, Row<'_>)| row.read().map_err(|error| self.place(at, error));
        self.iter().enumerate().map(read).collect()
    }

    /// The first row as [`read`](Self::read) does; `None` without one.
    ///
    /// # Errors
    ///
    /// The row does not fit.
    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let row = self.iter().next().map(|row| row.read());
        row.transpose().map_err(|error| self.place(0, error))
    }

    fn place(&self, at: usize, error: Error) -> Error {
        error.context(format_args!("row {} of `{}`", at + 1, self.sql))
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [String],
    values: &'a [Value],
}

impl Row<'_> {
    /// The values in order.
    #[must_use]
    pub const fn values(&self) -> &[Value] {
        self.values
    }

    /// The value of a column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.values.get(at)
    }

    /// The row as a type of yours: as [`Rows::read`] does.
    ///
    /// # Errors
    ///
    /// It does not fit.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(self).map_err(|error| Error::new(error.to_string()))
    }

    fn only(self) -> Result<Cell<'static>, DeError>
    where
        Self: Sized,
    {
        match self.values {
            [value] => Ok(Cell {
                column: "",
                value: value.clone(),
            }),
            values => Err(de::Error::custom(format!(
                "the row has {} columns where one was expected: read it as a struct or a tuple",
                values.len()
            ))),
        }
    }
}

/// Forwards what a single value could be to the row's only column.
macro_rules! only {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            self.only()?.$method(visitor)
        }
    )*};
}

/// Tuples are read as sequences, and a newtype as what it holds: the same for a row and for a value.
macro_rules! through_the_shape {
    () => {
        fn deserialize_tuple<V: Visitor<'de>>(
            self,
            _length: usize,
            visitor: V,
        ) -> Result<V::Value, DeError> {
            self.deserialize_seq(visitor)
        }

        fn deserialize_tuple_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            _length: usize,
            visitor: V,
        ) -> Result<V::Value, DeError> {
            self.deserialize_seq(visitor)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            visitor: V,
        ) -> Result<V::Value, DeError> {
            visitor.visit_newtype_struct(self)
        }
    };
}

impl<'de> Deserializer<'de> for Row<'_> {
    type Error = DeError;

    only! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if let [_] = self.values {
            return self.only()?.deserialize_any(visitor);
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let cells = self.columns.iter().zip(self.values);
        let entries = cells.map(|(column, value)| {
            let value = value.clone();
            (column.as_str(), Cell { column, value })
        });
        visitor.visit_map(MapDeserializer::new(entries))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if let [Value::Blob(_)] = self.values {
            return self.only()?.deserialize_seq(visitor);
        }
        let cells = self.columns.iter().zip(self.values);
        let cells = cells.map(|(column, value)| Cell {
            column,
            value: value.clone(),
        });
        let mut cells = SeqDeserializer::new(cells);
        let read = visitor.visit_seq(&mut cells)?;
        cells.end()?;
        Ok(read)
    }

    through_the_shape!();

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_u64(visitor)
    }
}

/// A value in its column, for errors that name it.
struct Cell<'a> {
    column: &'a str,
    value: Value,
}

impl Cell<'_> {
    fn named<T>(column: &str, result: Result<T, DeError>) -> Result<T, DeError> {
        match result {
            Err(error) if !column.is_empty() => {
                Err(de::Error::custom(format!("column `{column}`: {error}")))
            }
            result => result,
        }
    }
}

impl<'de> IntoDeserializer<'de, DeError> for Cell<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Cell<'_> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Integer(integer) => match u64::try_from(integer) {
                Ok(integer) => visitor.visit_u64(integer),
                Err(_) => visitor.visit_i64(integer),
            },
            Value::Real(real) => visitor.visit_f64(real),
            Value::Text(text) => visitor.visit_string(text),
            Value::Blob(bytes) => visitor.visit_byte_buf(bytes),
        };
        Self::named(self.column, result)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.value {
            Value::Integer(integer) => Self::named(self.column, visitor.visit_bool(integer != 0)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.value {
            Value::Blob(bytes) => {
                visitor.visit_seq(SeqDeserializer::<_, DeError>::new(bytes.into_iter()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    through_the_shape!();

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match self.value {
            Value::Text(text) => {
                let text: de::value::StringDeserializer<DeError> = text.into_deserializer();
                Self::named(self.column, text.deserialize_enum(name, variants, visitor))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map
        struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
