//! Asker: who reads, and what the pages' buttons lead to.

use plugin_api::{Invocation, prelude::*};

use crate::view::View;

/// The handler of buttons.
pub(crate) const TURN: &str = "turn";

/// The handler of selects.
pub(crate) const PICK: &str = "pick";

/// Who reads: pages and their buttons are theirs alone.
pub(crate) struct Asker<'a> {
    invocation: &'a Invocation,
}

impl<'a> Asker<'a> {
    pub(crate) fn of(invocation: &'a Invocation) -> Self {
        Self { invocation }
    }

    pub(crate) fn name(&self) -> &str {
        self.invocation.display_name()
    }

    /// A custom id that opens a view. `button` tells the buttons of a message apart: some may open the same.
    pub(crate) fn opens(&self, button: char, view: &View) -> Result<String> {
        self.invocation
            .custom_id(TURN, format_args!("{button}{view}"))
    }

    /// A custom id of a handler.
    pub(crate) fn calls(&self, handler: &str) -> Result<String> {
        self.invocation.custom_id(handler, "")
    }
}
