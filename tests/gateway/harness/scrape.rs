//! Reads OpenMetrics, and takes nothing that is not exactly that.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Ask};

pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = BTreeMap<String, String>;

/// One family of samples.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) help: String,
    pub(crate) kind: String,
    samples: Vec<(String, Labels, f64)>,
}

/// All that was read at once.
#[derive(Debug)]
pub(crate) struct Scrape {
    pub(crate) text: String,
    pub(crate) families: BTreeMap<String, Family>,
}

impl Scrape {
    pub(crate) async fn of(ask: Ask) -> Self {
        Self::read(&ask.anonymous().send().await)
    }

    fn read(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(OPEN_METRICS));
        assert!(answer.whole);
        let text = answer.text().to_owned();
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut current = String::new();
        let body = text.strip_suffix("# EOF\n").expect("it ends where it says");
        for line in body.split_terminator('\n') {
            if let Some(told) = line.strip_prefix("# HELP ") {
                let (name, help) = told.split_once(' ').expect(line);
                assert!(!families.contains_key(name), "{name} is there twice");
                name.clone_into(&mut current);
                let family = Family { help: help.to_owned(), ..Family::default() };
                families.insert(current.clone(), family);
            } else if let Some(told) = line.strip_prefix("# TYPE ") {
                let (name, kind) = told.split_once(' ').expect(line);
                let family = families.get_mut(&current).expect(line);
                assert_eq!((name, family.kind.as_str()), (current.as_str(), ""), "{line}");
                kind.clone_into(&mut family.kind);
            } else {
                let sample = sample(line);
                families.get_mut(&current).expect(line).samples.push(sample);
            }
        }
        families.iter().for_each(|(name, family)| family.check(name));
        Self { text, families }
    }

    /// The value of the series with exactly these labels; 0 if it is not there.
    pub(crate) fn value(&self, sample: &str, labels: &[(&str, &str)]) -> f64 {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels: Labels = labels.iter().map(own).collect();
        let same = |(name, known, _): &&(String, Labels, f64)| name == sample && *known == labels;
        self.samples().find(same).map_or(0.0, |(_, _, value)| *value)
    }

    /// The sum of all series of this name.
    pub(crate) fn sum(&self, sample: &str) -> f64 {
        self.samples().filter(|(name, ..)| name == sample).map(|(_, _, value)| value).sum()
    }

    /// Every value that the label has anywhere.
    pub(crate) fn values_of(&self, label: &str) -> BTreeSet<&str> {
        self.samples().filter_map(|(_, labels, _)| labels.get(label)).map(String::as_str).collect()
    }

    /// The names of all labels.
    pub(crate) fn labels(&self) -> BTreeSet<&str> {
        self.samples().flat_map(|(_, labels, _)| labels.keys()).map(String::as_str).collect()
    }

    fn samples(&self) -> impl Iterator<Item = &(String, Labels, f64)> {
        self.families.values().flat_map(|family| &family.samples)
    }
}

/// `name{label="value",…} number`
fn sample(line: &str) -> (String, Labels, f64) {
    let (series, number) = line.rsplit_once(' ').expect(line);
    let (name, mut rest) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').expect(line)),
        None => (series, ""),
    };
    assert!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
        "{line}"
    );
    let mut labels = Labels::new();
    while !rest.is_empty() {
        let (label, value) = rest.split_once("=\"").expect(line);
        let (value, behind) = value.split_once('"').expect(line);
        assert!(label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
        // No value of ours has anything to escape.
        assert!(!value.contains('\\'), "{line}");
        let before = labels.insert(label.to_owned(), value.to_owned());
        assert!(before.is_none(), "{label} is there twice: {line}");
        assert!(behind.is_empty() || behind.starts_with(','), "{line}");
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    (name.to_owned(), labels, number.parse().expect(line))
}

impl Family {
    fn check(&self, name: &str) {
        assert!(self.help.ends_with('.') && self.help.len() > 10, "{name} has no help");
        let endings: &[&str] = match self.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_sum", "_count", "_bucket"],
            other => panic!("{name} is of the kind {other}"),
        };
        let mut series = BTreeSet::new();
        for (sample, labels, value) in &self.samples {
            let ending = sample.strip_prefix(name).expect(sample);
            assert!(endings.contains(&ending), "{sample}");
            assert!(series.insert((sample, labels)), "{sample} {labels:?} is there twice");
            assert!(self.kind == "gauge" || *value >= 0.0, "{sample} {value}");
        }
        if self.kind == "histogram" {
            self.check_buckets(name);
        }
    }

    /// Buckets follow each other, rise, and end with the count.
    fn check_buckets(&self, name: &str) {
        let mut before = (f64::NEG_INFINITY, 0.0);
        let mut count = None;
        for (sample, labels, value) in &self.samples {
            if *sample == format!("{name}_count") {
                count = Some(*value);
                before = (f64::NEG_INFINITY, 0.0);
            }
            let Some(le) = labels.get("le") else { continue };
            let le = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
            assert!(le > before.0 && *value >= before.1, "{sample} {labels:?}");
            before = (le, *value);
            if le == f64::INFINITY {
                assert_eq!(Some(*value), count.take(), "{sample} {labels:?}");
            }
        }
        assert!(count.is_none(), "{name} has a count without buckets");
    }
}
