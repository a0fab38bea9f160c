//! What is printed, and kept.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::machine::{Machine, today};

/// Of several turns: the middle, and how far they lie apart.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (values.first(), values.last()) else {
            return Self::default();
        };
        Self { median: values[values.len() / 2], least, most }
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
#[derive(Default)]
pub struct Report {
    tables: Vec<Value>,
}

impl Report {
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
    pub fn figures(&mut self, scenario: &str, load: &str, figures: &[(String, f64)]) {
        println!("\n{scenario}\n  load: {load}");
        for (name, value) in figures {
            println!("  {name:<64} {value:>12.2}");
        }
        let figures: serde_json::Map<_, _> =
            figures.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        self.tables.push(json!({ "scenario": scenario, "load": load, "figures": figures }));
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
        let all = json!({ "date": day, "machine": Machine::look()?, "tables": self.tables });
        fs::write(&file, serde_json::to_string_pretty(&all)? + "\n")?;
        println!("\nwritten to {}", file.display());
        Ok(())
    }
}
