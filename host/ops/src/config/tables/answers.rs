//! `[answers]`: how answers look, and how long they stay.

use toml::de::DeValue;

use crate::config::{
    fault::{Fault, Item, expected, nearest, quoted_list},
    values::{Reading, seconds, string},
};

table! {
    /// `[answers]`: how answers look, and how long they stay.
    Answers {
        // Plugins are told at their start.
        /// Colours of embeds.
        restart colours: Colours = Colours::default(), colours;
        /// After how long an answer in the colour of success is deleted; 0: never.
        live delete_success_after_s: u64 = 0, seconds(0..=86_400);
        /// After how long a refusal or an error is deleted; 0: never.
        live delete_error_after_s: u64 = 0, seconds(0..=86_400);
    }
}

/// Colours of embeds, as 0xRRGGBB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Of those that say nothing else.
    pub normal: u32,
    /// Something was done.
    pub success: u32,
    /// Something should be looked at.
    pub warning: u32,
    /// Something went wrong.
    pub error: u32,
}

impl Default for Colours {
    fn default() -> Self {
        Self {
            normal: 0x34_6E_B0,
            success: 0x2E_8B_57,
            warning: 0xD6_89_10,
            error: 0xC0_39_2B,
        }
    }
}

/// A table of colours; those that it does not name stay.
fn colours(item: &Item<'_>) -> Reading<Colours> {
    let DeValue::Table(entries) = item.get_ref() else {
        return Err(vec![expected(
            "a table, such as `{ error = \"#C0392B\" }`",
            item,
        )]);
    };
    let names = ["normal", "success", "warning", "error"];
    let (mut colours, mut faults) = (Colours::default(), Vec::new());
    for (name, item) in entries {
        let place = match &**name.get_ref() {
            "normal" => &mut colours.normal,
            "success" => &mut colours.success,
            "warning" => &mut colours.warning,
            "error" => &mut colours.error,
            unknown => {
                let hint = nearest(unknown, names.into_iter())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let known = quoted_list(names.into_iter());
                faults.push(Fault {
                    at: name.span().start,
                    message: format!("`{unknown}` is no colour; there are {known}{hint}"),
                });
                continue;
            }
        };
        match colour(item) {
            Ok(colour) => *place = colour,
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() {
        Ok(colours)
    } else {
        Err(faults)
    }
}

/// `"#RRGGBB"`.
fn colour(item: &Item<'_>) -> Reading<u32> {
    let text = string(item)?;
    text.strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or_else(|| {
            let message = format!("expected a colour such as `#346EB0`, found `{text}`");
            vec![Fault::new(item, message)]
        })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn colours_are_read_and_wrong_ones_named() {
        let config = Config::parse("[answers]\ncolours = { error = \"#ff0000\" }", "t").unwrap();
        assert_eq!(config.answers.colours.error, 0xFF_00_00);
        assert_eq!(config.answers.colours.normal, 0x34_6E_B0);
        let error = Config::parse(
            "[answers]\ncolours = { eror = \"#ff0000\", normal = \"red\" }",
            "t",
        );
        let error = error.unwrap_err().to_string();
        assert!(error.contains("did you mean `error`?"), "{error}");
        assert!(
            error.contains("expected a colour such as `#346EB0`, found `red`"),
            "{error}"
        );
    }
}
