//! Report: one table in Markdown, between two markers of a file whose words are somebody's own.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    Outcome,
    bot::Kind,
    figures::{Figure, Figures, number_words},
    plot,
};

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// How the figures came about: the foot of the table.
#[derive(Debug)]
pub struct Circumstances {
    /// Rounds of each bot.
    pub rounds: u32,
    /// Sentences about the machine, the commit, the compression and whatever else was said.
    pub words: String,
}

/// Writes table, plots and each round's figures into a folder.
pub fn write(
    folder: &Path,
    figures: &Figures,
    kinds: &[Kind],
    circumstances: &Circumstances,
) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    let readme = folder.join("README.md");
    let before = fs::read_to_string(&readme).unwrap_or_else(|_| format!("{BEGIN}\n{END}\n"));
    let table = table(figures, kinds, circumstances);
    fs::write(
        &readme,
        between(&before, &table).ok_or("docs/bench/README.md has lost its markers")?,
    )?;
    let json = serde_json::to_string_pretty(&figures.json())?;
    fs::write(folder.join("figures.json"), json + "\n")?;
    let memory = "Resident memory after 2 s";
    plot::over_servers(
        &folder.join("memory.svg"),
        memory,
        "MiB",
        figures,
        Figure::Memory,
        kinds,
    )?;
    let start = "From the process' start to the first reply";
    plot::over_servers(
        &folder.join("start.svg"),
        start,
        "ms",
        figures,
        Figure::Start,
        kinds,
    )
}

/// The text with what is between its markers replaced.
fn between(text: &str, new: &str) -> Option<String> {
    let (head, rest) = text.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}\n{new}\n{END}{tail}"))
}

/// The table and its foot.
fn table(figures: &Figures, kinds: &[Kind], circumstances: &Circumstances) -> String {
    let mut text = String::from("| same work |");
    for kind in kinds {
        let _ = write!(text, " {} |", kind.name());
    }
    text.push_str(" Cogwright to twilight | goal of issue 20 |\n| --- |");
    text.push_str(&" --- |".repeat(kinds.len() + 2));
    text.push('\n');
    // All sizes are in the plots.
    let rows = figures.all().into_iter().filter(|it| match it {
        Figure::Start(guilds) | Figure::Memory(guilds) => matches!(guilds, 1 | 1_000 | 5_000),
        _ => true,
    });
    for figure in rows {
        let _ = write!(text, "| {} |", figure.words());
        for kind in kinds {
            match figures.spread(figure, *kind) {
                Some((median, least, most)) => {
                    let [median, least, most] = [median, least, most].map(number_words);
                    let _ = write!(text, " **{median}** ({least} to {most}) |");
                }
                None => text.push_str(" – |"),
            }
        }
        let ours = figures.spread(figure, Kind::Cogwright);
        let theirs = figures.spread(figure, Kind::Twilight);
        match ours.zip(theirs) {
            Some((ours, theirs)) => {
                let _ = write!(text, " {:.2} |", ours.0 / theirs.0);
            }
            None => text.push_str(" – |"),
        }
        let _ = writeln!(text, " {} |", figure.goal());
    }
    let _ = write!(
        text,
        "\nMedians of {} interleaved rounds, in brackets the least and the greatest. {}",
        circumstances.rounds, circumstances.words
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let text = format!("# Mine\n{BEGIN}\nold\n{END}\nmine, too\n");
        let wanted = format!("# Mine\n{BEGIN}\nnew\n{END}\nmine, too\n");
        assert_eq!(between(&text, "new"), Some(wanted));
        assert_eq!(between("no markers", "new"), None);
    }

    #[test]
    fn a_row_has_medians_spreads_ratio_and_goal() {
        let mut figures = Figures::default();
        for (kind, values) in [
            (Kind::Twilight, [100.0, 200.0, 150.0]),
            (Kind::Cogwright, [300.0, 310.0, 240.0]),
        ] {
            for value in values {
                figures.note(Figure::Median, kind, value);
            }
        }
        // Of a size that is for the plots alone.
        figures.note(Figure::Start(2_000), Kind::Twilight, 1.0);
        let circumstances = Circumstances {
            rounds: 3,
            words: "Beside nothing.".into(),
        };
        let text = table(
            &figures,
            &[Kind::Twilight, Kind::Cogwright, Kind::DiscordPy],
            &circumstances,
        );
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| prefix command, 1 in flight: p50, µs | **150** (100 to 200) | **300** (240 to 310) | – | 2.00 | ratio ≤ 1.3 |",
                "",
                "Medians of 3 interleaved rounds, in brackets the least and the greatest. Beside nothing.",
            ]
        );
    }
}
