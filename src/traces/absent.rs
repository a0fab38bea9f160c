//! In place of the exporter in a program that was built without one. There is no value of its
//! types, so nothing is left of what asks for one.

use std::time::Duration;

use url::Url;

use super::{Side, TracesError};
use crate::config::TraceSettings;
use crate::model::TraceParent;

#[derive(Clone, Copy, Debug)]
pub(super) enum Exporter {}

#[derive(Debug)]
pub(super) enum Running {}

impl Exporter {
    #[expect(clippy::unnecessary_wraps, reason = "the real one may fail")]
    pub(super) fn start(_: &Url, _: &TraceSettings) -> Result<Option<Self>, TracesError> {
        tracing::warn!("no traces are exported: the program was built without the feature otel");
        Ok(None)
    }

    pub(super) fn begin(&self, _: Side, _: String, _: Option<TraceParent>) -> Running {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "the real one waits")]
    pub(super) async fn finish(&self, _: Duration) {
        match *self {}
    }
}

impl Running {
    pub(super) fn trace(&self) -> Option<TraceParent> {
        match *self {}
    }

    pub(super) fn text(&mut self, _: &'static str, _: &str) {
        match *self {}
    }

    pub(super) fn number(&mut self, _: &'static str, _: i64) {
        match *self {}
    }

    pub(super) fn fail(&mut self, _: &'static str) {
        match *self {}
    }
}
