//! Splitting of texts that are longer than a message.

/// Discord's [limit](https://discord.com/developers/docs/resources/message#create-message) for a message's text.
pub(crate) const TEXT_LIMIT: usize = 2000;

const FENCE: &str = "```";

/// Cuts a text into pieces of at most `limit` characters: between lines where that is possible, else between words, else
/// anywhere. A code block that is cut is closed, and opened again in the next piece.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    if text.chars().count() <= limit {
        return vec![text.to_owned()];
    }
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    for line in text.split_inclusive('\n') {
        piece.add_line(line, limit, &mut pieces);
    }
    piece.finish(&mut pieces);
    pieces
}

/// A piece on its way.
#[derive(Default)]
struct Piece {
    text: String,
    characters: usize,
    /// The line that opened the code block that we are in.
    block: Option<String>,
    /// Whether there is more in it than the opening of a block.
    filled: bool,
}

impl Piece {
    fn add_line(&mut self, line: &str, limit: usize, pieces: &mut Vec<String>) {
        // Room to close a block that is open when the piece ends.
        let reserve = FENCE.len() + 1;
        let mut line = line;
        while self.characters + line.chars().count() + reserve > limit {
            let room = limit.saturating_sub(self.characters + reserve);
            // A line that fits into the next piece moves there as a whole.
            let opening = self.block.as_ref().map_or(0, |block| block.chars().count());
            if self.filled && line.chars().count() + opening + reserve <= limit {
                self.cut(pieces);
                continue;
            }
            let (head, rest) = line.split_at(at_word(line, room));
            if head.is_empty() && self.filled {
                self.cut(pieces);
                continue;
            }
            // Where not even the opening of the block leaves room, it goes on without one.
            let (head, rest) = if head.is_empty() {
                self.block = None;
                line.split_at(at_word(line, limit - reserve))
            } else {
                (head, rest)
            };
            self.push(head);
            self.cut(pieces);
            line = rest.strip_prefix(' ').unwrap_or(rest);
        }
        self.push(line);
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        self.characters += text.chars().count();
        self.filled = true;
        for (n, part) in text.split(FENCE).enumerate() {
            if n == 0 {
                continue;
            }
            self.block = match self.block.take() {
                Some(_) => None,
                None => {
                    // The language stands alone behind the fence, or there is none.
                    let language = part.lines().next().unwrap_or_default();
                    let is_one = !language.contains(char::is_whitespace)
                        && part.len() > language.len()
                        && language.len() <= 20;
                    let language = if is_one { language } else { "" };
                    Some(format!("{FENCE}{language}\n"))
                }
            };
        }
    }

    /// Ends the piece and begins the next.
    fn cut(&mut self, pieces: &mut Vec<String>) {
        let block = self.block.clone();
        self.finish(pieces);
        if let Some(opening) = &block {
            self.text.push_str(opening);
            self.characters = opening.chars().count();
        }
        self.block = block;
    }

    fn finish(&mut self, pieces: &mut Vec<String>) {
        let mut text = std::mem::take(&mut self.text);
        let block = self.block.take();
        if block.is_some() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(FENCE);
        }
        if self.filled && !text.trim().is_empty() {
            pieces.push(text.trim_end_matches('\n').to_owned());
        }
        self.characters = 0;
        self.filled = false;
    }
}

/// The byte at which the last word ends that fits into `room` characters; where not one does, the room itself.
fn at_word(line: &str, room: usize) -> usize {
    let end = line
        .char_indices()
        .nth(room)
        .map_or(line.len(), |(at, _)| at);
    match line[..end].rfind(' ') {
        Some(at) if at > 0 && end < line.len() => at,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, limit: usize, expect: &[&str]) {
        let pieces = split(text, limit);
        assert_eq!(pieces, expect, "{text:?} by {limit}");
        assert!(pieces.iter().all(|piece| piece.chars().count() <= limit));
    }

    #[test]
    fn a_text_is_cut_between_lines_then_words_then_anywhere() {
        check("short", 20, &["short"]);
        check(
            "first line\nsecond line\nthird",
            20,
            &["first line", "second line", "third"],
        );
        check(
            "one two three four five six",
            20,
            &["one two three", "four five six"],
        );
        check(
            "abcdefghijklmnopqrstuvwxyz",
            20,
            &["abcdefghijklmnop", "qrstuvwxyz"],
        );
        check("äöüäöüäöüäöüäöüäöüäöü", 20, &["äöüäöüäöüäöüäöüä", "öüäöü"]);
    }

    #[test]
    fn a_code_block_is_closed_and_opened_again() {
        check(
            "```rust\nlet a = 1;\nlet b = 2;\n```\nthat was it",
            30,
            &[
                "```rust\nlet a = 1;\n```",
                "```rust\nlet b = 2;\n```",
                "that was it",
            ],
        );
    }

    #[test]
    fn nothing_is_lost_and_no_piece_is_too_long() {
        let mut seed = 7u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..2000 {
            let text: String = (0..next(400))
                .map(|_| match next(12) {
                    0 => "\n".to_owned(),
                    1 => "```".to_owned(),
                    2..=4 => " ".to_owned(),
                    n => char::from(b'a' + n as u8).to_string(),
                })
                .collect();
            let limit = 30 + next(40) as usize;
            let pieces = split(&text, limit);
            let letters = |text: &str| {
                text.chars()
                    .filter(|c| c.is_ascii_lowercase())
                    .collect::<String>()
            };
            assert!(
                pieces.iter().all(|piece| piece.chars().count() <= limit),
                "{text:?} by {limit}: {pieces:?}"
            );
            // The language of a block is repeated; without fences not a letter may differ.
            if !text.contains(FENCE) {
                assert_eq!(letters(&pieces.concat()), letters(&text));
            }
        }
    }
}
