//! Pictures for plugins' answers: SVG drawn as PNG.
//!
//! A plugin writes its drawing as [SVG](https://www.w3.org/TR/SVG11/) and attaches what comes of it. The one font is DejaVu Sans, which
//! lies in the library: a picture looks the same on every machine. Nothing is read from disk or the network, and no system font is asked
//! for.
//!
//! ```
//! let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">
//!     <rect width="120" height="40" fill="#1b1f23"/><text x="10" y="26" fill="#fff">tea</text></svg>"##;
//! let png = pictures::png(svg)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), pictures::NotDrawn>(())
//! ```

use std::{error::Error, fmt, sync::Arc};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb},
};

/// The font's family, for `font-family` in an SVG; it is taken where none is named.
pub const FONT: &str = "DejaVu Sans";

/// Pixels of a picture for each of the SVG's: sharp on screens that have two for one.
const SCALE: f32 = 2.0;

/// The most pixels of a picture's width and height each: Discord shows no more, and a wrong figure takes no memory.
pub const LONGEST: u32 = 8_000;

/// Why an SVG gives no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDrawn(String);

impl fmt::Display for NotDrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NotDrawn {}

/// Draws an SVG as PNG, two pixels for each of its own in either direction.
///
/// # Errors
///
/// It is no SVG, has no size, or would be larger than [`LONGEST`].
pub fn png(svg: &str) -> Result<Vec<u8>, NotDrawn> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    let options = Options {
        font_family: FONT.to_owned(),
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| NotDrawn(error.to_string()))?;
    let size = tree.size();
    let (width, height) = (size.width() * SCALE, size.height() * SCALE);
    let most = LONGEST as f32;
    if width > most || height > most {
        return Err(NotDrawn(format!(
            "a picture of {width} × {height} pixels: {LONGEST} are the most"
        )));
    }
    let drawn = Pixmap::new(width.ceil() as u32, height.ceil() as u32);
    let mut drawn = drawn.ok_or_else(|| NotDrawn("a picture without pixels".to_owned()))?;
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut drawn.as_mut());
    drawn
        .encode_png()
        .map_err(|error| NotDrawn(error.to_string()))
}

/// A text as it stands in an SVG: what has a meaning there is escaped, and control characters, which XML does not allow, are left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">{inside}</svg>"#)
    }

    /// Width and height of a PNG, which stand behind its first chunk's name.
    fn size(png: &[u8]) -> (u32, u32) {
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    }

    #[test]
    fn a_picture_has_two_pixels_for_one_and_letters() {
        let without = png(&svg("")).unwrap();
        assert_eq!(size(&without), (200, 100));
        let text = |text: &str| svg(&format!(r#"<text x="5" y="30">{text}</text>"#));
        let (tea, tee) = (png(&text("tea")).unwrap(), png(&text("tee")).unwrap());
        assert!(tea != tee && tea != without, "the letters are drawn");
        let bold = png(&svg(r#"<text x="5" y="30" font-weight="bold">tea</text>"#)).unwrap();
        assert_ne!(tea, bold);
    }

    #[test]
    fn what_is_no_drawing_is_refused_by_name() {
        for wrong in ["", "tea", "<svg>"] {
            assert!(png(wrong).is_err(), "{wrong}");
        }
        let huge = svg("").replace("width=\"100\"", "width=\"1000000\"");
        let why = png(&huge).unwrap_err().to_string();
        assert!(why.contains("8000 are the most"), "{why}");
    }

    #[test]
    fn somebody_elses_words_are_words() {
        let odd = "<script>&\"'\u{0}\u{1b}\u{ffff} 茶 🫖";
        let safe = escaped(odd);
        assert_eq!(safe, "&lt;script&gt;&amp;&quot;&apos; 茶 🫖");
        assert!(png(&svg(&format!("<text x=\"1\" y=\"20\">{safe}</text>"))).is_ok());
    }
}
