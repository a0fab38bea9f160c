//! What runs to each endpoint now. How many may run is the store's to say; this is only to know
//! when it is worth asking it again.

use std::collections::HashMap;

use super::attempt::Ended;
use crate::model::AccountId;

/// How many deliveries of one account are attempted at once.
pub(super) const PER_ENDPOINT: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<AccountId, Lane>);

#[derive(Debug, Default)]
struct Lane {
    running: usize,
    failing: bool,
}

impl Lanes {
    pub(super) fn started(&mut self, account: &AccountId) {
        self.0.entry(account.clone()).or_default().running += 1;
    }

    /// Whether more of the account may be due now: it had as many attempts running as it may, or
    /// its endpoint has just come back.
    pub(super) fn ended(&mut self, ended: &Ended) -> bool {
        let Some(lane) = self.0.get_mut(ended.account()) else { return false };
        let before = (lane.running, lane.failing);
        lane.running = lane.running.saturating_sub(1);
        lane.failing = match ended {
            Ended::Delivered(_) => false,
            Ended::Failed(_) => true,
            Ended::Unknown(_) => lane.failing,
        };
        let more = before.0 >= PER_ENDPOINT || (before.1 && !lane.failing);
        if lane.running == 0 && !lane.failing {
            self.0.remove(ended.account());
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, PER_ENDPOINT};
    use crate::delivery::attempt::Ended;
    use crate::model::AccountId;

    #[test]
    fn a_full_lane_that_has_room_again_is_worth_a_question() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        for _ in 0..PER_ENDPOINT {
            lanes.started(&ada);
        }
        assert!(lanes.ended(&Ended::Delivered(ada.clone())));
        assert!(!lanes.ended(&Ended::Delivered(ada.clone())));
        assert!(!lanes.ended(&Ended::Delivered(AccountId::generate())));
    }

    #[test]
    fn so_is_an_endpoint_that_came_back() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        for (ended, worth) in [
            (Ended::Failed(ada.clone()), false),
            (Ended::Unknown(ada.clone()), false),
            (Ended::Delivered(ada.clone()), true),
            (Ended::Delivered(ada.clone()), false),
        ] {
            lanes.started(&ada);
            assert_eq!(lanes.ended(&ended), worth, "{ended:?}");
        }
        assert!(lanes.0.is_empty());
    }
}
