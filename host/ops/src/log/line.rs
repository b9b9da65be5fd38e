//! Formatting of log events as lines, and what is masked in them before they are written.

use std::{
    borrow::Cow,
    fmt, io,
    sync::{OnceLock, PoisonError, RwLock},
};

use host_base::shown;
use tracing_subscriber::{
    Layer,
    field::RecordFields,
    fmt::{
        FormatFields, MakeWriter,
        format::{DefaultFields, Writer},
    },
    registry::LookupSpan,
};

use super::queue::Queue;

/// Function that masks a line before it is written.
type Redact = Box<dyn Fn(&str) -> Cow<'_, str> + Send + Sync>;

static REDACT: OnceLock<RwLock<Option<Redact>>> = OnceLock::new();

/// Passes every line through `redact` before it is written anywhere; the last one counts.
pub fn redact_with(redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static) {
    let cell = REDACT.get_or_init(RwLock::default);
    *cell.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(redact));
}

/// Format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    /// The colours are ours: what others said in it was made harmless field by field.
    Coloured,
    Json,
}

/// A text without what is to be masked.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let redact = REDACT.get().map(|cell| cell.read());
    let redact = redact.map(|guard| guard.unwrap_or_else(PoisonError::into_inner));
    match redact.as_deref().and_then(Option::as_ref) {
        Some(redact) => redact(text),
        None => Cow::Borrowed(text),
    }
}

/// The one place that every line goes through on its way to an output.
fn line(queue: &Queue, look: Look, line: &str) {
    let line = masked(line);
    queue.push(match look {
        Look::Json => shown::json(&line).into_owned(),
        Look::Plain => indented(shown::text(&line)),
        Look::Coloured => indented(line),
    });
}

/// Lines behind the first are set in: whatever somebody says, it does not look like a line of the log's own.
fn indented(line: Cow<'_, str>) -> String {
    let text = line.strip_suffix('\n').unwrap_or(&line);
    if !text.contains('\n') {
        return line.into_owned();
    }
    format!("{}{}", text.replace('\n', "\n    "), &line[text.len()..])
}

/// A layer that writes lines to `queue`: time (RFC 3339, UTC), level, spans, target, text and fields; or the same as JSON.
pub(super) fn layer<S>(json: bool, ansi: bool, queue: Queue) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let look = match (json, ansi) {
        (true, _) => Look::Json,
        (false, true) => Look::Coloured,
        (false, false) => Look::Plain,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(Lines { queue, look });
    if json {
        return layer.json().flatten_event(true).boxed();
    }
    layer
        .with_ansi(ansi)
        .fmt_fields(Shown(DefaultFields::new()))
        .boxed()
}

/// Fields and texts without colours, and with nothing in them that a terminal would obey. The same for both outputs: layers
/// of one type share what they wrote of a span.
struct Shown(DefaultFields);

impl<'w> FormatFields<'w> for Shown {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = String::new();
        self.0.format_fields(Writer::new(&mut text), fields)?;
        writer.write_str(&shown::text(&text))
    }
}

struct Lines {
    queue: Queue,
    look: Look,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

struct LineWriter<'a>(&'a Lines);

impl io::Write for LineWriter<'_> {
    /// Takes one whole line: the layer writes each with one call.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        line(&self.0.queue, self.0.look, &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
