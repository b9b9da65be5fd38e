//! Saved state, handed from one generation to the next.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// A plugin's saved state: a schema number, and bytes that the plugin alone understands.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let state = State::new(2, &("counted", 41u32))?;
/// assert_eq!(state.schema(), 2);
/// let (_, counted): (String, u32) = state.read()?;
/// assert_eq!(counted, 41);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    schema: u32,
    bytes: Vec<u8>,
}

impl State {
    /// Saves `value` as JSON. Count `schema` up when the shape changes, and read the older shapes in
    /// [`on_restore`](crate::Plugin::on_restore).
    ///
    /// # Errors
    ///
    /// `value` can't be written as JSON.
    pub fn new(schema: u32, value: &impl Serialize) -> Result<Self> {
        Ok(Self {
            schema,
            bytes: serde_json::to_vec(value)?,
        })
    }

    /// Saves bytes as they are: for formats other than JSON.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let state = State::from_bytes(1, 41u32.to_le_bytes().to_vec());
    /// let counted = u32::from_le_bytes(state.bytes().try_into()?);
    /// assert_eq!(counted, 41);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn from_bytes(schema: u32, bytes: Vec<u8>) -> Self {
        Self { schema, bytes }
    }

    /// The number that the state was saved with.
    #[must_use]
    pub fn schema(&self) -> u32 {
        self.schema
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads what [`State::new`] saved.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let state = State::new(1, &"tea")?;
    /// assert_eq!(state.read::<String>()?, "tea");
    /// let error = state.read::<u64>().unwrap_err();
    /// assert!(error.to_string().starts_with("the saved state (schema 1) has another shape"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The state has another shape; the error names the schema.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            Error::new(format!(
                "the saved state (schema {}) has another shape: {error}",
                self.schema
            ))
        })
    }
}
