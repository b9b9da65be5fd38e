//! Name lookup, with suggestions for names that do not exist.

use twilight_model::guild::Permissions;

/// How likely two words are the same but for a slip, from 0 to 1; below this they are different words.
const SIMILAR: f64 = 0.8;

/// What Discord calls otherwise than the library does.
const OTHER_NAMES: [(&str, Permissions); 1] =
    [("USE_APPLICATION_COMMANDS", Permissions::USE_SLASH_COMMANDS)];

/// The permission of that name, as Discord's documentation writes it.
pub(super) fn permission(name: &str) -> Result<Permissions, String> {
    let other = || {
        OTHER_NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, is)| *is)
    };
    Permissions::from_name(name).or_else(other).ok_or_else(|| {
        let all = Permissions::all();
        let known = all.iter_names().map(|(name, _)| name);
        let others = OTHER_NAMES.iter().map(|(name, _)| *name);
        unknown(
            "permission",
            name,
            known.chain(others),
            &name.to_uppercase().replace(' ', "_"),
        )
    })
}

/// That there is no such thing, with the nearest there is.
pub(super) fn no_such<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    unknown(what, name, known, name)
}

fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    meant: &str,
) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let near = nearest(meant, &known);
    let next_step = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() > 12 => "see the README for those there are".to_owned(),
        None => format!("there are {}", crate::error::listing(known)),
    };
    format!("no {what} is named `{name}`; {next_step}")
}

/// What the TOML reader says, in our words where they are kinder: it lists all that would fit.
pub(super) fn friendly(message: &str) -> String {
    let words: Vec<_> = message.split('`').skip(1).step_by(2).collect();
    let [wrong, known @ ..] = words.as_slice() else {
        return message.to_owned();
    };
    let what = match message {
        unknown if unknown.starts_with("unknown field") => "key",
        unknown if unknown.starts_with("unknown variant") => "value",
        missing if missing.starts_with("missing field") => {
            return format!("the key `{wrong}` is missing");
        }
        other => return other.to_owned(),
    };
    let next_step = match nearest(wrong, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it can be {}", crate::error::listing(known.iter().copied())),
    };
    format!("unknown {what} `{wrong}`; {next_step}")
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likely = known
        .iter()
        .map(|known| (strsim::jaro_winkler(word, known), *known));
    let near = likely.filter(|(likeness, _)| *likeness >= SIMILAR);
    near.max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
