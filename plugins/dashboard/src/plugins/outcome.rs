//! Outcome of a deed on a plugin, in sentences.

use plugin_api::{
    RouteReply,
    abi::{CanaryView, LoadView, ManagedReply},
    prelude::*,
    text::{counted, milliseconds, size},
};

/// What came of it; an error where nothing was loaded that should have been.
pub(super) fn told(name: &str, reply: &ManagedReply) -> Result<RouteReply> {
    words(name, reply).map(RouteReply::text)
}

fn words(name: &str, reply: &ManagedReply) -> Result<String> {
    if reply.begun {
        return Ok(format!(
            "`{name}` goes when this page is answered, since the page is of it. The log says what comes of it."
        ));
    }
    let mut said = Vec::new();
    if let Some(unload) = &reply.unload {
        let mut words = format!("`{}` is unloaded", unload.name);
        if unload.returned_bytes > 0 {
            words.push_str(&format!(
                ", and {} are free again",
                size(unload.returned_bytes)
            ));
        }
        said.push(words + ".");
        said.extend(
            unload
                .stayed
                .iter()
                .map(|what| format!("It has left behind: {what}.")),
        );
    }
    let (loaded, refused): (Vec<&LoadView>, Vec<&LoadView>) =
        reply.loads.iter().partition(|load| load.error.is_none());
    if let Some((first, others)) = loaded.split_first() {
        let verb = if first.replaced { "reloaded" } else { "loaded" };
        said.push(format!(
            "`{}` {} is {verb} (load {}, {}).",
            first.name,
            first.version,
            first.generation,
            milliseconds(first.took_us)
        ));
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|load| load.name.as_str()).collect();
            said.push(format!("With it: {}.", names.join(", ")));
        }
    }
    for load in &refused {
        let why = load.error.as_deref().unwrap_or_default();
        said.push(format!("`{}` was not loaded: {why}.", load.name));
    }
    said.extend(reply.remarks.iter().map(|remark| sentence(remark)));
    match (loaded.is_empty(), refused.is_empty()) {
        (true, false) => Err(Error::user(said.join(" "))),
        _ if said.is_empty() => Ok(format!("Nothing was to be done with `{name}`.")),
        _ => Ok(said.join(" ")),
    }
}

/// A remark, which begins small and has no full stop, as a sentence.
fn sentence(remark: &str) -> String {
    let mut letters = remark.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if remark.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// That a canary serves, and what there is to know besides.
pub(super) fn canary_words(name: &str, canary: &CanaryView) -> String {
    let servers = counted(canary.guilds.len() as u64, "server");
    let mut words = format!(
        "`{name}` {} serves {servers} now, and the file before all others.",
        canary.version
    );
    for remark in &canary.remarks {
        words.push(' ');
        words.push_str(&sentence(remark));
    }
    words
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::UnloadView;

    use super::*;

    fn load(name: &str) -> LoadView {
        let mut load = LoadView::default();
        (load.name, load.version, load.generation) = (name.to_owned(), "1.0.0".to_owned(), 3);
        load
    }

    #[test]
    fn what_came_of_it_is_a_sentence() {
        let mut reply = ManagedReply::default();
        assert_eq!(
            words("tea", &reply).unwrap(),
            "Nothing was to be done with `tea`."
        );
        reply.loads = vec![load("tea"), load("shop")];
        reply.loads[0].replaced = true;
        reply.remarks = vec!["its tables stay".to_owned()];
        assert_eq!(
            words("tea", &reply).unwrap(),
            "`tea` 1.0.0 is reloaded (load 3, 0.00 ms). With it: shop. Its tables stay."
        );
        reply.begun = true;
        assert!(
            words("tea", &reply)
                .unwrap()
                .contains("when this page is answered")
        );
    }

    #[test]
    fn a_load_that_was_refused_is_an_error_and_what_an_unload_has_left_is_said() {
        let mut reply = ManagedReply::default();
        reply.loads = vec![load("tea")];
        reply.loads[0].error = Some("it is no plugin".to_owned());
        let error = words("tea", &reply).unwrap_err();
        assert!(error.to_string().contains("it is no plugin"), "{error}");
        let mut unload = UnloadView::default();
        (unload.name, unload.returned_bytes) = ("tea".to_owned(), 2_000_000);
        unload.stayed = vec!["a thread".to_owned()];
        let mut reply = ManagedReply::default();
        reply.unload = Some(unload);
        assert_eq!(
            words("tea", &reply).unwrap(),
            "`tea` is unloaded, and 2.0 MB are free again. It has left behind: a thread."
        );
    }
}
