//! What the checks found.

use serde::Serialize;

use crate::cli::output;

#[derive(Debug, Default)]
pub(super) struct Report(Vec<Check>);

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    status: Status,
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    checks: &'a [Check],
}

impl Report {
    pub(super) fn ok(&mut self, check: &'static str, message: String) {
        self.0.push(Check { check, status: Status::Ok, message, fix: None });
    }

    /// May be meant, may be a mistake.
    pub(super) fn warn(&mut self, check: &'static str, message: String, fix: impl Into<String>) {
        self.0.push(Check { check, status: Status::Warn, message, fix: Some(fix.into()) });
    }

    pub(super) fn fail(&mut self, check: &'static str, message: String, fix: impl Into<String>) {
        self.0.push(Check { check, status: Status::Fail, message, fix: Some(fix.into()) });
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.0.iter().all(|check| check.status != Status::Fail)
    }

    pub(super) fn tell(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return output::json(&Told { ok: self.is_healthy(), checks: &self.0 });
        }
        for Check { check, status, message, fix } in &self.0 {
            let fix = fix.as_ref().map(|fix| format!("; {fix}")).unwrap_or_default();
            let told = format!("{:<4}  {check:<11}  {message}{fix}", status.word());
            output::line(output::visible(&told))?;
        }
        Ok(())
    }
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}
