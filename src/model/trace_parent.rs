//! The trace that a request belongs to, as W3C's `traceparent` header names it.

use std::io::Write as _;

const VERSION: usize = 2;
const TRACE_ID: usize = 32;
const PARENT_ID: usize = 16;
const FLAGS: usize = 2;
const LENGTH: usize = VERSION + 1 + TRACE_ID + 1 + PARENT_ID + 1 + FLAGS;

/// A `traceparent` of version 00: `00-{trace id}-{parent id}-{flags}`, all of it lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent([u8; LENGTH]);

impl TraceParent {
    /// Reads a header. One of a later version is taken for what version 00 has of it, as W3C
    /// asks; anything that is not exactly right is none.
    #[must_use]
    pub fn parse(header: &[u8]) -> Option<Self> {
        let (own, rest) = header.split_first_chunk::<LENGTH>()?;
        let mut parts = own.split(|byte| *byte == b'-');
        let (version, trace) = (parts.next()?, parts.next()?);
        let (parent, flags) = (parts.next()?, parts.next()?);
        let lengths = [(version, VERSION), (trace, TRACE_ID), (parent, PARENT_ID), (flags, FLAGS)];
        let fits = lengths.iter().all(|(part, length)| part.len() == *length && is_hex(part));
        let later = version != b"00";
        let ends = rest.is_empty() || (later && rest.starts_with(b"-"));
        if !fits || !ends || version == b"ff" || is_zero(trace) || is_zero(parent) {
            return None;
        }
        let mut known = *own;
        if later {
            // What its other flags mean is not known here.
            let sampled = u8::from_str_radix(std::str::from_utf8(flags).ok()?, 16).ok()? & 1;
            known.first_chunk_mut().map(|first| *first = *b"00")?;
            known.last_chunk_mut().map(|last| *last = [b'0', b'0' + sampled])?;
        }
        Some(Self(known))
    }

    /// The span of this id, in this trace.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64, sampled: bool) -> Self {
        let (mut text, sampled) = ([b'0'; LENGTH], u8::from(sampled));
        let written = write!(&mut text[..], "00-{trace_id:032x}-{span_id:016x}-{sampled:02x}");
        debug_assert!(written.is_ok(), "it is as long as all of them");
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.part(1)
    }

    /// The id of the span that is the parent of what belongs to the trace here.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.part(2)
    }

    /// Whether who wrote it keeps the trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        u8::from_str_radix(self.part(3), 16).is_ok_and(|flags| flags & 1 == 1)
    }

    fn part(&self, index: usize) -> &str {
        self.as_str().split('-').nth(index).unwrap_or_default()
    }
}

fn is_hex(part: &[u8]) -> bool {
    part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(part: &[u8]) -> bool {
    part.iter().all(|byte| *byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::TraceParent;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(header: &str) -> Option<TraceParent> {
        TraceParent::parse(header.as_bytes())
    }

    #[test]
    fn a_header_of_version_00_stays_as_it_is() {
        let trace = read(GOOD).unwrap();
        assert_eq!(trace.as_str(), GOOD);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let unsampled = GOOD.replace("-01", "-00");
        assert_eq!(read(&unsampled).unwrap().as_str(), unsampled);
    }

    #[test]
    fn one_of_our_own_is_read_as_what_it_was_made_of() {
        let made = TraceParent::new(0x4b, 0xf0, true);
        assert_eq!(read(made.as_str()), Some(made));
        assert_eq!(
            (made.trace_id(), made.parent_id()),
            (&*format!("{}4b", "0".repeat(30)), "00000000000000f0")
        );
        assert!(made.is_sampled());
        assert!(!TraceParent::new(0x4b, 0xf0, false).is_sampled());
        assert!(read(&GOOD.replace("-01", "-03")).unwrap().is_sampled());
    }

    #[test]
    fn a_later_version_counts_for_what_is_known_of_it() {
        let later = GOOD.replacen("00", "cc", 1).replace("-01", "-ff");
        for header in [later.clone(), format!("{later}-what-comes-next"), format!("{later}-")] {
            assert_eq!(read(&header).unwrap().as_str(), GOOD);
        }
        assert!(read(&format!("{later}.")).is_none());
        assert!(read(&later.replacen("cc", "ff", 1)).is_none());
    }

    #[test]
    fn what_is_not_exactly_right_is_none() {
        let wrong = [
            String::new(),
            GOOD.to_uppercase(),
            format!(" {GOOD}"),
            format!("{GOOD} "),
            format!("{GOOD}-00"),
            GOOD.replace('-', "_"),
            GOOD.replacen('4', "g", 1),
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace("-01", "-1"),
            GOOD.replace("-01", ""),
            GOOD.replace("4bf9", "4-f9"),
            GOOD.replace("00f0", "é0"),
            GOOD.replacen("00-4b", "0-04b", 1),
        ];
        for header in wrong {
            assert!(read(&header).is_none(), "{header} was taken");
        }
        assert!(TraceParent::parse(&[0xff; 55]).is_none());
    }
}
