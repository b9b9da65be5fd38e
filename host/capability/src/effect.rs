//! Effect of a call that changes something: what was before, and what is after. For the audit journal.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// What a call has changed. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Effect(Arc<Mutex<(Value, Value)>>);

impl Effect {
    /// Notes what it was before and what it is now.
    pub fn changed(&self, before: impl Into<Value>, after: impl Into<Value>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (before.into(), after.into());
    }

    /// What was noted; `Null` where nothing was.
    #[must_use]
    pub fn take(&self) -> (Value, Value) {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
