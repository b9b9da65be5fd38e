//! Panic guards around author's code: a panic in a closure, a destructor or a panic's own payload ends with what
//! panicked.
//!
//! Invariant: nothing of an author's is called or dropped outside of these and of [`Job`](crate::runtime), which uses them.

use std::{
    any::Any,
    fmt,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Calls author's code; a panic's text is its error.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(text_of)
}

/// Drops what is the author's; a panic in its destructor is the hook's to tell of, and costs nothing else.
pub(crate) fn dispose<T>(value: T) {
    let _ = guarded(move || drop(value));
}

/// The text of a panic, and the end of its payload. A payload's destructor may panic as well, with a payload that does the same:
/// the second one is forgotten.
pub(crate) fn text_of(payload: Box<dyn Any + Send>) -> String {
    let text = panic_text(&*payload).to_owned();
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text
}

/// The text of a panic.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}

/// A value of the author's whose destructor can't unwind into what holds it.
///
/// Two such values side by side are both dropped, whatever the first does: a second panic while a first one unwinds would end
/// the whole process.
pub(crate) struct Guarded<T>(Option<T>);

impl<T> Guarded<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("only `drop` takes it")
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("only `drop` takes it")
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            dispose(value);
        }
    }
}

impl<T> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, panic::panic_any, rc::Rc};

    use super::*;

    struct Loud(Rc<Cell<u32>>);

    impl Drop for Loud {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            panic!("loud");
        }
    }

    /// A payload whose destructor panics with another of its kind, for ever.
    struct Endless;

    impl Drop for Endless {
        fn drop(&mut self) {
            panic_any(Endless);
        }
    }

    #[test]
    fn a_destructor_that_panics_costs_itself_alone() {
        let dropped = Rc::new(Cell::new(0));
        let values: Vec<_> = (0..3)
            .map(|_| Guarded::new(Loud(Rc::clone(&dropped))))
            .collect();
        drop(values);
        assert_eq!(dropped.get(), 3);
        dispose(Loud(Rc::clone(&dropped)));
        assert_eq!(dropped.get(), 4);
    }

    #[test]
    fn a_payload_whose_destructor_panics_for_ever_is_forgotten() {
        let caught = guarded(|| panic_any(Endless));
        assert_eq!(caught.unwrap_err(), "a panic without a text");
        let text = guarded(|| -> u32 { panic!("with a {}", "text") });
        assert_eq!(text.unwrap_err(), "with a text");
    }
}
