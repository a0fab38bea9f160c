//! What the end of a call means to each breaker: the table of the room, in code.

use crate::graph::breaker::Verdict::{self, Failed, Nothing, Well};
use crate::graph::failure::{GraphFailure, Outcome, Trouble};

fn trouble(failure: Option<&GraphFailure>) -> Trouble {
    failure.map_or(Trouble::None, |failure| failure.trouble)
}

/// Graph's 4xx never counts: it answered, and the next message may be a better one.
pub(super) fn on_number(failure: Option<&GraphFailure>) -> Verdict {
    match trouble(failure) {
        Trouble::None | Trouble::TokenRefused => Well,
        Trouble::NotCalled | Trouble::NoRoom => Nothing,
        Trouble::ServerError | Trouble::Timeout | Trouble::Transport | Trouble::Unprocessed => {
            Failed
        }
    }
}

/// Whoever does not answer in time may be there or not.
pub(super) fn on_host(failure: Option<&GraphFailure>) -> Verdict {
    match trouble(failure) {
        Trouble::None | Trouble::TokenRefused | Trouble::ServerError => Well,
        Trouble::NotCalled | Trouble::NoRoom | Trouble::Timeout => Nothing,
        Trouble::Transport | Trouble::Unprocessed => Failed,
    }
}

/// Only who judges the call has looked at the token.
pub(super) fn on_token(failure: Option<&GraphFailure>) -> Verdict {
    match failure {
        None => Well,
        Some(failure) if failure.trouble == Trouble::TokenRefused => Failed,
        Some(failure) if failure.outcome == Outcome::Rejected => Well,
        Some(_) => Nothing,
    }
}
