//! Context of what deals with a plugin's errors.

use std::{fmt, ops::Deref, rc::Rc};

use super::Invocation;
use crate::error::Error;

/// Context of [`Plugin::on_error`](crate::Plugin::on_error): an error, and the use of a command or component that failed with it, to which it derefs.
pub struct ErrorContext<S = ()> {
    pub(crate) state: Rc<S>,
    pub(crate) invocation: Rc<Invocation>,
    pub(crate) handler: String,
    pub(crate) error: Error,
}

impl<S> ErrorContext<S> {
    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The error.
    #[must_use]
    pub const fn error(&self) -> &Error {
        &self.error
    }

    /// The error, to pass it on: the host then does with it what it does with any.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }

    /// The command's path as declared, `tag add`, or the component's handler.
    #[must_use]
    pub fn handler(&self) -> &str {
        &self.handler
    }
}

impl<S> Deref for ErrorContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for ErrorContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorContext")
            .field("handler", &self.handler)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
