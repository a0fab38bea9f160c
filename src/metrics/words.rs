//! Labels whose values are all known beforehand, and a metric for each of them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};

use crate::model::WebhookEvent;

/// A value of a label that has no others than these.
pub(super) trait Word: Copy + fmt::Debug + Send + Sync + 'static {
    const LABEL: &'static str;
    const ALL: &'static [Self];

    fn word(self) -> &'static str;

    /// Where it stands in [`Word::ALL`].
    fn place(self) -> usize;
}

/// Makes an enum whose variants are the values of a label.
macro_rules! words {
    ($(#[$about:meta])* $seen:vis $name:ident as $label:literal {
        $($(#[$of:meta])* $word:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $seen enum $name { $($(#[$of])* $word),+ }

        impl $crate::metrics::words::Word for $name {
            const LABEL: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$word),+];

            fn word(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}
pub(super) use words;

impl Word for WebhookEvent {
    const LABEL: &'static str = "event";
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.name()
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// One metric for each word: found without a look-up, and there from the start.
pub(super) struct Each<W, M> {
    metrics: Arc<[M]>,
    words: PhantomData<W>,
}

impl<W: Word, M> Each<W, M> {
    pub(super) fn made(make: impl Fn(W) -> M) -> Self {
        Self { metrics: W::ALL.iter().map(|word| make(*word)).collect(), words: PhantomData }
    }

    #[expect(clippy::indexing_slicing, reason = "there is one for each word")]
    pub(super) fn of(&self, word: W) -> &M {
        &self.metrics[word.place()]
    }
}

impl<W: Word, M: Default> Default for Each<W, M> {
    fn default() -> Self {
        Self::made(|_| M::default())
    }
}

impl<W, M> Clone for Each<W, M> {
    fn clone(&self) -> Self {
        Self { metrics: Arc::clone(&self.metrics), words: PhantomData }
    }
}

impl<W, M: fmt::Debug> fmt::Debug for Each<W, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.metrics.iter()).finish()
    }
}

impl<W: Word, M: EncodeMetric + TypedMetric> EncodeMetric for Each<W, M> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (word, metric) in W::ALL.iter().zip(self.metrics.iter()) {
            let label = [(W::LABEL, word.word())];
            metric.encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }
}
