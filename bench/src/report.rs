//! What is printed, and kept.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::machine::{Machine, commit, today};

/// Of so many turns: the middle, and how far they lie apart.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    pub turns: usize,
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// Figures that have a name of their own, each of one turn or several.
#[derive(Default)]
pub struct Figures(Vec<(String, Vec<f64>)>);

impl Spread {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (values.first(), values.last()) else {
            return Self::default();
        };
        let turns = values.len();
        // Of an even number there are two in the middle.
        let median = f64::midpoint(values[(turns - 1) / 2], values[turns / 2]);
        Self { turns, median, least, most }
    }
}

impl Figures {
    /// What a turn has found.
    pub fn note(&mut self, name: impl Into<String>, value: f64) {
        self.values(name.into()).push(value);
    }

    /// What all turns have found together.
    pub fn add(&mut self, name: impl Into<String>, value: f64) {
        let values = self.values(name.into());
        let sum = values.pop().unwrap_or_default() + value;
        values.push(sum);
    }

    fn values(&mut self, name: String) -> &mut Vec<f64> {
        let at = self.0.iter().position(|(noted, _)| *noted == name).unwrap_or_else(|| {
            self.0.push((name, Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

/// One peer under one load.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub name: String,
    /// CPU time of the process for each request that was answered.
    pub cpu_micros: Spread,
    /// To the first peer of the table, in the same round.
    pub ratio: Spread,
    pub per_second: Spread,
    pub p50_micros: Spread,
    pub p99_micros: Spread,
    pub failed: u64,
}

/// Everything that one run found.
pub struct Report {
    commit: String,
    tables: Vec<Value>,
}

impl Report {
    pub fn begin() -> Self {
        Self { commit: commit(), tables: Vec::new() }
    }

    /// Prints a table of peers and keeps it.
    pub fn table(&mut self, scenario: &str, load: &str, rows: &[Row]) {
        println!("\n{scenario}\n  load: {load}");
        println!(
            "  {:<44} {:>8} {:>15} {:>6} {:>13} {:>9} {:>8} {:>8} {:>6}",
            "",
            "CPU us",
            "(least-most)",
            "x",
            "(least-most)",
            "per s",
            "p50 us",
            "p99 us",
            "failed"
        );
        for row in rows {
            let Row { name, cpu_micros, ratio, per_second, p50_micros, p99_micros, failed } = row;
            println!(
                "  {name:<44} {:>8.1} {:>15} {:>6.2} {:>13} {:>9.0} {:>8.0} {:>8.0} {failed:>6}",
                cpu_micros.median,
                format!("({:.1}-{:.1})", cpu_micros.least, cpu_micros.most),
                ratio.median,
                format!("({:.2}-{:.2})", ratio.least, ratio.most),
                per_second.median,
                p50_micros.median,
                p99_micros.median,
            );
        }
        self.tables.push(json!({ "scenario": scenario, "load": load, "rows": rows }));
    }

    /// Prints single figures and keeps them.
    pub fn figures(&mut self, scenario: &str, load: &str, figures: Figures) {
        println!("\n{scenario}\n  load: {load}");
        let mut kept = serde_json::Map::new();
        for (name, values) in figures.0 {
            let spread = Spread::of(values);
            let Spread { turns, median, least, most } = spread;
            let apart = if turns > 1 { format!("({least:.2}-{most:.2})") } else { String::new() };
            println!("  {name:<72} {median:>12.2} {apart:>24}");
            kept.insert(name, json!(spread));
        }
        self.tables.push(json!({ "scenario": scenario, "load": load, "figures": kept }));
    }

    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Writes it all to a file named by day and time of the run.
    pub fn write(self, directory: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(directory)?;
        let day = today()?;
        let file = (1..).map(|run| directory.join(format!("{day}-{run}.json")));
        let Some(file) = file.into_iter().find(|file| !file.exists()) else { return Ok(()) };
        let all = json!({
            "date": day,
            "commit": self.commit,
            "machine": Machine::look()?,
            "tables": self.tables,
        });
        fs::write(&file, serde_json::to_string_pretty(&all)? + "\n")?;
        println!("\nwritten to {}", file.display());
        Ok(())
    }
}
