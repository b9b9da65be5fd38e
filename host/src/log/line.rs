//! From events to lines: what stands in them, and who may change them before they are written.

use std::{
    borrow::Cow,
    fmt, io,
    sync::{OnceLock, PoisonError, RwLock},
};

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

/// What changes a line before it is written.
type Redact = Box<dyn Fn(&str) -> Cow<'_, str> + Send + Sync>;

static REDACT: OnceLock<RwLock<Option<Redact>>> = OnceLock::new();

/// Passes every line through `redact` before it is written anywhere; the last one counts.
pub fn redact_with(redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static) {
    let cell = REDACT.get_or_init(RwLock::default);
    *cell.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(redact));
}

/// The one place that every line goes through on its way to an output.
fn line(queue: &Queue, line: &str) {
    let redact = REDACT.get().map(|cell| cell.read());
    let redact = redact.map(|guard| guard.unwrap_or_else(PoisonError::into_inner));
    match redact.as_deref().and_then(Option::as_ref) {
        Some(redact) => queue.push(redact(line).into_owned()),
        None => queue.push(line.to_owned()),
    }
}

/// A layer that writes lines to `queue`: time (RFC 3339, UTC), level, spans, target, text and fields; or the same as JSON.
pub(super) fn layer<S>(json: bool, ansi: bool, queue: Queue) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(Lines(queue));
    if json {
        return layer.json().flatten_event(true).boxed();
    }
    if ansi {
        layer.with_ansi(true).boxed()
    } else {
        layer
            .with_ansi(false)
            .fmt_fields(Plain(DefaultFields::new()))
            .boxed()
    }
}

/// A span's fields without colours. A type of its own: layers of one type share what they wrote of a span, colours included.
struct Plain(DefaultFields);

impl<'w> FormatFields<'w> for Plain {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }
}

struct Lines(Queue);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(&self.0)
    }
}

struct LineWriter<'a>(&'a Queue);

impl io::Write for LineWriter<'_> {
    /// Takes one whole line: the layer writes each with one call.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        line(self.0, &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
