//! Meta's error codes, as a label: those that Meta documents, and one word for the rest.

/// There was no error, or none with a code.
pub(super) const NO_CODE: &str = "none";
/// A code that Meta does not document, or not yet.
const OTHER: &str = "other";

macro_rules! codes {
    ($($code:literal)+) => {
        const CODES: &[(i64, &str)] = &[$(($code, stringify!($code))),+];
    };
}

// Rising, so that one can be found.
codes! {
    0 1 2 3 4 10 33 100 104 190 368 613 803 80007
    130429 130472 130497
    131000 131005 131008 131009 131016 131020 131021 131026 131030 131031 131037 131041 131042
    131045 131047 131048 131049 131050 131051 131052 131053 131055 131056 131057 131059 131062
    131063 131064
    132000 132001 132005 132007 132008 132012 132015 132016 132018 132068 132069
    133000 133004 133005 133006 133008 133009 133010 133015 133016
    134011 134100 134101 134102 134103 135000 137000 2494100
}

pub(super) fn meta_code(code: Option<i64>) -> &'static str {
    let Some(code) = code else { return NO_CODE };
    match code {
        // Each permission has a number of its own; what to do is the same.
        200..=299 => "200-299",
        2_388_000..=2_388_999 => "2388xxx",
        _ => {
            let known = CODES.binary_search_by_key(&code, |(known, _)| *known).ok();
            known.and_then(|place| CODES.get(place)).map_or(OTHER, |(_, text)| text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, meta_code};

    #[test]
    fn a_documented_code_is_itself_and_any_other_is_other() {
        assert!(CODES.is_sorted_by_key(|(code, _)| *code));
        for (code, text) in CODES {
            assert_eq!(meta_code(Some(*code)), *text);
            assert_eq!(code.to_string(), *text);
        }
        assert_eq!(meta_code(None), "none");
        assert_eq!((meta_code(Some(200)), meta_code(Some(299))), ("200-299", "200-299"));
        assert_eq!(meta_code(Some(2_388_093)), "2388xxx");
        for unknown in [-1, 5, 199, 300, 131_001, 9_999_999, i64::MIN, i64::MAX] {
            assert_eq!(meta_code(Some(unknown)), "other", "{unknown}");
        }
    }
}
