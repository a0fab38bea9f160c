pub(crate) const CASES: &[crate::harness::Case] = &[];
