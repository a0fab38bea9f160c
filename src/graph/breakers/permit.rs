//! Leave to make one call.

use std::sync::Arc;
use std::time::Instant;

use super::Guarded;
use crate::graph::breaker::{Admission, Change, Verdict};
use crate::graph::failure::GraphFailure;

/// Leave to make one call to Graph. If it is dropped unused, or with a call that is cut off, the
/// breakers are as they were: a probe falls to the next call.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    /// Absent while nothing is wrong with the token.
    pub(super) token: Option<Pass>,
    pub(super) host: Pass,
    /// Absent where no number sends.
    pub(super) number: Option<Pass>,
}

/// The way through one breaker.
#[derive(Debug)]
pub(super) struct Pass {
    guarded: Arc<Guarded>,
    admission: Option<Admission>,
}

impl Pass {
    pub(super) fn through(guarded: &Arc<Guarded>, now: Instant) -> Result<Self, GraphFailure> {
        match guarded.breaker.admit(now) {
            Ok(admission) => Ok(Self { guarded: Arc::clone(guarded), admission: Some(admission) }),
            Err(left) => Err(GraphFailure::refused(guarded.kind.refusal(), left)),
        }
    }

    pub(super) fn note(mut self, verdict: Verdict, now: Instant) -> Option<Change> {
        let change = self.guarded.breaker.note(self.admission.take()?, verdict, now);
        self.guarded.tell(change);
        change
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.guarded.breaker.give_back(admission);
        }
    }
}
