//! Every log line of this process, with all of its fields, at every level.

use std::{
    fmt::{Debug, Write},
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begin to listen; again and again if need be.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Everything).expect("nobody else listens"));
}

pub(crate) fn lines() -> Vec<String> {
    LINES.lock().unwrap().clone()
}

struct Everything;

struct Line(String);

impl Line {
    fn begin(metadata: &Metadata<'_>) -> Self {
        Self(format!("{} {} {}", metadata.level(), metadata.target(), metadata.name()))
    }

    fn end(self) {
        LINES.lock().unwrap().push(self.0);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut line = Line::begin(span.metadata());
        span.record(&mut line);
        line.end();
        Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut line = Line("record".to_owned());
        values.record(&mut line);
        line.end();
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::begin(event.metadata());
        event.record(&mut line);
        line.end();
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
