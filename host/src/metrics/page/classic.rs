//! Conversion of OpenMetrics to the older Prometheus text format, which `promtool` and many tools read.
//!
//! For what is on the page they differ in three things: there a counter's family is called as its samples are, with
//! `_total`; an information ends with `_info`; and there is no mark at the end.

use std::fmt::Write as _;

/// The same page in the older format.
pub(super) fn from_open_metrics(page: &str) -> String {
    let mut classic = String::with_capacity(page.len() + page.len() / 16);
    // HELP comes first and is held back until TYPE says what it is about.
    let mut help = None;
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), text) => help = Some((name, text.unwrap_or(""))),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    kind => ("", kind),
                };
                if let Some((of, text)) = help.take()
                    && of == name
                {
                    let _ = writeln!(classic, "# HELP {name}{suffix} {text}");
                }
                let _ = writeln!(classic, "# TYPE {name}{suffix} {kind}");
            }
            (Some("#"), Some("EOF" | "UNIT"), ..) => {}
            _ => {
                classic.push_str(line);
                classic.push('\n');
            }
        }
    }
    classic
}

#[cfg(test)]
mod tests {
    use super::from_open_metrics;

    #[test]
    fn counters_are_named_as_their_samples_and_nothing_marks_the_end() {
        let page = "# HELP a Counts.\n# TYPE a counter\na_total{b=\"# EOF\"} 1\n\
                    # HELP c_seconds Waits.\n# TYPE c_seconds histogram\n# UNIT c_seconds seconds\nc_seconds_sum 2.0\n# EOF\n";
        assert_eq!(
            from_open_metrics(page),
            "# HELP a_total Counts.\n# TYPE a_total counter\na_total{b=\"# EOF\"} 1\n\
             # HELP c_seconds Waits.\n# TYPE c_seconds histogram\nc_seconds_sum 2.0\n"
        );
    }
}
