//! Secrets come in files, never on the command line, where every user of the machine sees them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, ensure};
use zeroize::Zeroizing;

/// Far above any token, and far below what would hurt.
const MOST_BYTES: usize = 16 * 1024;

/// Whether the path means standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The secret in the file, or on standard input for `-`, less the line break at its end.
pub(super) fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    if is_stdin(path) {
        return read_from(io::stdin().lock()).context("standard input");
    }
    let name = || path.display().to_string();
    let file = File::open(path).context("cannot be read").with_context(name)?;
    read_from(file).with_context(name)
}

fn read_from(file: impl Read) -> anyhow::Result<Zeroizing<String>> {
    // With room for all of it, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(MOST_BYTES + 64));
    let read = file.take(MOST_BYTES as u64 + 1).read_to_string(&mut text);
    // What it says of bytes that are no text is not wanted here.
    let length = read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => anyhow::anyhow!("holds no token: it is not even text"),
        _ => anyhow::Error::new(error).context("cannot be read"),
    })?;
    ensure!(length <= MOST_BYTES, "holds no token: it is too long");
    let secret = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    ensure!(!secret.is_empty(), "is empty");
    ensure!(
        secret.bytes().all(|byte| byte.is_ascii_graphic()),
        "holds something that is in no token: a space, a second line, or a letter beyond ASCII"
    );
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::read_from;

    fn read(bytes: &[u8]) -> Result<String, String> {
        let read = read_from(bytes);
        read.map(|secret| secret.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_line_break_that_an_editor_adds_is_no_part_of_the_secret() {
        for file in ["EAAtoken", "EAAtoken\n", "EAAtoken\r\n"] {
            assert_eq!(read(file.as_bytes()), Ok("EAAtoken".to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_and_not_repeated() {
        let long = vec![b'a'; 20_000];
        for file in
            [&b"\n"[..], b"", b"two words", b"two\nlines", b"\xff\xfe", "né".as_bytes(), &long]
        {
            let refused = read(file).unwrap_err();
            assert!(!refused.contains("words") && !refused.contains("lines"), "{refused}");
        }
    }
}
