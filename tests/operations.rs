//! The dashboard, the alerts and the page about metrics speak of the metrics that there are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use avenping_gateway::metrics::Metrics;
use avenping_gateway::metrics::table::{self, Row};
use avenping_gateway::model::Timestamp;
use serde_json::Value;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations").join(name);
    fs::read_to_string(path).unwrap()
}

/// The names of all samples of a metric.
fn samples(row: &Row) -> impl Iterator<Item = String> {
    row.kind.endings().iter().map(|ending| format!("{}{ending}", row.name))
}

/// What the page calls a metric: as its one sample is called, or as the histogram.
fn title(row: &Row) -> String {
    let mut names = samples(row);
    match (names.next(), names.next()) {
        (Some(only), None) => only,
        _ => row.name.to_owned(),
    }
}

/// Everything in a text that is written like a metric of ours.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = |word: &&str| word.starts_with("avenping_") || word.starts_with("process_");
    words.filter(ours).collect()
}

/// The queries of the dashboard, or of anything else in it that has one.
fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| queries(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "expr" || name == "query" => {
                        found.push(text.clone());
                    }
                    _ => queries(value, found),
                }
            }
        }
        _ => {}
    }
}

fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("grafana.json")).unwrap();
    let mut found = Vec::new();
    queries(&dashboard, &mut found);
    assert!(found.len() > 30);
    found
}

/// The value behind `key:` of each line that has one.
fn values<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.trim_start_matches([' ', '-']).strip_prefix(key))
}

fn alerts() -> Vec<String> {
    let text = read("alerts.yaml");
    let found: Vec<_> = values(&text, "expr: ").map(str::to_owned).collect();
    assert_eq!(found.len(), values(&text, "alert: ").count());
    assert!(found.len() > 20);
    found
}

#[test]
fn queries_ask_for_samples_that_there_are() {
    let known: BTreeSet<_> = table::ALL.iter().flat_map(samples).collect();
    for query in dashboard().iter().chain(&alerts()) {
        let asked = named(query);
        let stray: Vec<_> = asked.iter().filter(|name| !known.contains(**name)).collect();
        assert!(stray.is_empty(), "there is no {stray:?}: {query}");
        assert!(!asked.is_empty() || query == "prometheus", "it asks for nothing: {query}");
    }
}

/// The matchers of a query, each with the sample that it stands behind.
fn matchers(query: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (before, rest) in query.match_indices('{').filter_map(|(at, _)| query.split_at_checked(at))
    {
        let word = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let sample = before.rsplit(word).next().unwrap();
        let matchers = rest.trim_start_matches('{').split('}').next().unwrap();
        found.extend(matchers.split(',').map(|matcher| (sample, matcher)));
    }
    found
}

#[test]
fn queries_choose_by_labels_that_the_metric_has() {
    let mut tried = 0;
    for query in dashboard().iter().chain(&alerts()) {
        for (sample, matcher) in matchers(query) {
            let is_its = |row: &&Row| samples(row).any(|name| name == sample);
            let row = table::ALL.iter().find(is_its).expect(query);
            let label = matcher.split(['=', '!']).next().unwrap();
            tried += 1;
            assert!(label == "instance" || row.labels.contains(&label), "{label} in {query}");
        }
        let labels: BTreeSet<_> = table::ALL.iter().flat_map(|row| row.labels).copied().collect();
        for by in query.split(" by (").skip(1).filter_map(|rest| rest.split(')').next()) {
            for label in by.split(',').map(str::trim) {
                assert!(label == "le" || labels.contains(label), "{label} in {query}");
            }
        }
    }
    assert!(tried > 50);
}

/// These have no series before the first of their kind.
const WITHOUT_SERIES: [&str; 4] = ["outcome", "code", "route", "status"];

#[test]
fn queries_choose_by_values_that_the_label_has() {
    let scrape = Metrics::new(Timestamp::from_millis(0)).text();
    let mut tried = 0;
    for query in dashboard().iter().chain(&alerts()) {
        for (sample, matcher) in matchers(query) {
            let (label, values) = matcher.split_once(['=', '!']).expect(query);
            if label == "instance" || WITHOUT_SERIES.contains(&label) {
                continue;
            }
            for value in values.trim_matches(['=', '~', '"']).split('|') {
                let pair = format!("{label}=\"{value}\"");
                let has =
                    |line: &str| line.starts_with(&format!("{sample}{{")) && line.contains(&pair);
                assert!(scrape.lines().any(has), "{pair} in {query}");
                tried += 1;
            }
        }
    }
    assert!(tried > 20);
}

#[test]
fn the_dashboard_shows_every_metric() {
    let queries = dashboard().join("\n");
    let shown = named(&queries);
    for row in table::ALL {
        assert!(samples(row).any(|name| shown.contains(name.as_str())), "{} is missing", row.name);
    }
}

#[test]
fn every_alert_says_how_urgent_it_is_and_where_help_is() {
    let text = read("alerts.yaml");
    let page = read("metrics.md");
    let names: BTreeSet<_> = values(&text, "alert: ").collect();
    let count = values(&text, "alert: ").count();
    assert_eq!(names.len(), count, "a name is there twice");
    assert_eq!(values(&text, "summary: ").count(), count);
    let severities: Vec<_> = values(&text, "severity: ").collect();
    assert_eq!(severities.len(), count);
    assert!(severities.iter().all(|severity| ["page", "ticket"].contains(severity)));
    let runbooks: Vec<_> = values(&text, "runbook: ").collect();
    assert_eq!(runbooks.len(), count);
    for runbook in runbooks {
        let section = runbook.strip_prefix("metrics.md#").expect(runbook);
        assert!(page.contains(&format!("### `{section}`\n")), "there is no {runbook}");
    }
}

#[test]
fn the_page_tells_of_every_metric_what_the_table_tells() {
    let page = read("metrics.md");
    let told: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(told.len(), table::ALL.len(), "{told:?}");
    for row in table::ALL {
        let labels: Vec<_> = row.labels.iter().map(|label| format!("`{label}`")).collect();
        let by =
            if labels.is_empty() { String::new() } else { format!(", by {}", labels.join(", ")) };
        let kind = row.kind.name();
        let section = format!("### `{}`\n\n{kind}{by}\n\n{}.\n", title(row), row.help);
        assert!(page.contains(&section), "this is not in metrics.md:\n{section}");
    }
    let known: BTreeSet<_> = table::ALL.iter().flat_map(samples).collect();
    let titles: BTreeSet<_> = table::ALL.iter().map(title).collect();
    for name in named(&page) {
        assert!(known.contains(name) || titles.contains(name), "there is no {name}");
    }
}

/// The settings that a text names.
fn settings(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    words.filter(|word| word.starts_with("AVENPING_") || *word == "DATABASE_URL").collect()
}

#[test]
fn deployments_name_settings_that_there_are_and_none_that_is_empty() {
    let page = read("../settings.md");
    let known: BTreeSet<_> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    for file in
        ["compose.yaml", "Dockerfile", "deploy/avenping.service", "deploy/kubernetes/gateway.yaml"]
    {
        let text = read(&format!("../../{file}"));
        let named = settings(&text);
        assert!(named.len() > 2, "{file}");
        let stray: Vec<_> = named.difference(&known).collect();
        assert!(stray.is_empty(), "{file}: {stray:?}");
        // A setting that is there and empty stops the start.
        assert!(!text.contains(":-}"), "{file}");
    }
}

#[test]
fn the_image_is_built_from_what_its_context_has() {
    let ignored = read("../../.dockerignore");
    let let_in: BTreeSet<_> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*"));
    let dockerfile = read("../../Dockerfile");
    let copies = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copied: BTreeSet<_> = copies
        .filter(|copy| !copy.starts_with("--from"))
        .flat_map(|copy| copy.rsplit_once(' ').unwrap().0.split(' '))
        .collect();
    assert_eq!(copied, let_in);
    let manifest = read("../../Cargo.toml");
    let version = values(&manifest, "version = ").next().unwrap().trim_matches('"');
    for file in ["compose.yaml", "Dockerfile", "deploy/kubernetes/gateway.yaml"] {
        let image = format!("avenping-gateway:{version}");
        assert!(read(&format!("../../{file}")).contains(&image), "{file}: {image}");
    }
}
