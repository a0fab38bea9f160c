//! The file .env: settings for those who do not want to type them every time.

use std::path::PathBuf;

use anyhow::bail;

/// Takes the variables of the nearest .env, from here upwards, where they are not set already.
/// To be called before any thread is there: it writes to the environment.
pub(super) fn read() -> anyhow::Result<Option<PathBuf>> {
    match dotenvy::dotenv() {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.not_found() => Ok(None),
        // The line itself is not repeated: it may hold a secret.
        Err(dotenvy::Error::LineParse(line, _)) => match variable(&line) {
            Some(name) => bail!("the line of {name} in the file .env cannot be read"),
            None => bail!("a line of the file .env is not NAME=VALUE"),
        },
        Err(error) => bail!("the file .env cannot be read: {error}"),
    }
}

fn variable(line: &str) -> Option<&str> {
    let name = line.split_once('=')?.0.trim();
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn only_a_name_is_repeated() {
        assert_eq!(variable("AVENPING_SECRET_KEY='not closed"), Some("AVENPING_SECRET_KEY"));
        for odd in ["c2VjcmV0==", "a secret", ""] {
            assert_eq!(variable(odd), None, "{odd}");
        }
    }
}
