//! How a process of the program ended, and what came of it.

use std::process::Output;

use serde_json::Value;

/// How a process ended, and all that it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        self.assert_code(0);
        let lines: Vec<_> = self.stdout.lines().collect();
        assert_eq!(lines.len(), 1, "not one line: {self:?}");
        serde_json::from_str(lines[0]).unwrap()
    }

    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// It failed with `code`, said `words`, and answered nothing.
    pub(crate) fn assert_refused(&self, code: i32, words: &str) {
        self.assert_code(code);
        assert!(self.stderr.contains(words), "{words:?} is not in {self:?}");
        assert_eq!(self.stdout, "");
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.stdout.contains(words) || self.stderr.contains(words)
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl From<&Value> for Made {
    fn from(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { id: text("accountId"), token: text("token") }
    }
}
