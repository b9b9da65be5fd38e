//! Stories of the dashboard: its tabs as those see them who use it. `crate::pages::browser` is the browser.

mod tour;
