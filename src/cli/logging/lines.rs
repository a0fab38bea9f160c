//! Lines of the log, on their way out. They gather for a moment and are written together, by a
//! thread of their own: waking it for each line would cost a request more than the line.

use std::io::{self, Write};
use std::mem::{swap, take};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a line waits for others, unless so many bytes have come.
const LINGER: Duration = Duration::from_millis(10);
const ENOUGH: usize = 64 * 1024;
/// A request never waits for the log. When so much is unwritten, lines are lost.
const MOST: usize = 16 * 1024 * 1024;

/// Takes lines, each in one piece.
#[derive(Default)]
pub(super) struct Lines {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    ended: bool,
}

/// What is still unwritten is written when this is dropped.
pub(in crate::cli) struct Writing {
    lines: Arc<Lines>,
    thread: Option<JoinHandle<()>>,
}

/// Where lines go in that come out at `out`.
pub(super) fn to(out: impl Write + Send + 'static) -> (Arc<Lines>, Writing) {
    let lines = Arc::<Lines>::default();
    let shared = Arc::clone(&lines);
    let thread = std::thread::spawn(move || shared.write_to(out));
    (Arc::clone(&lines), Writing { lines, thread: Some(thread) })
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let mut text = Vec::new();
        while self.next(&mut text) {
            // Where the log cannot be written there is no place to say so.
            let _written = out.write_all(&text).and_then(|()| out.flush());
            text.clear();
        }
    }

    /// Waits for lines, and takes all that are there; `false` at the end.
    fn next(&self, text: &mut Vec<u8>) -> bool {
        let waiting = self.lock();
        let waiting = self
            .changed
            .wait_while(waiting, |waiting| waiting.text.is_empty() && !waiting.ended)
            .unwrap_or_else(PoisonError::into_inner);
        let gathering = |waiting: &mut Waiting| waiting.text.len() < ENOUGH && !waiting.ended;
        let gathered = self.changed.wait_timeout_while(waiting, LINGER, gathering);
        let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        swap(text, &mut waiting.text);
        !text.is_empty()
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        let before = waiting.text.len();
        if before + line.len() <= MOST {
            waiting.text.extend_from_slice(line);
        }
        let after = waiting.text.len();
        drop(waiting);
        if before == 0 || (before < ENOUGH && after >= ENOUGH) {
            self.changed.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.lines.lock().ended = true;
        self.lines.changed.notify_one();
        if let Some(thread) = take(&mut self.thread) {
            // It has nothing to say.
            thread.join().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::to;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_come_out_whole_and_the_last_ones_before_the_end() {
        let out = Out::default();
        let (lines, writing) = to(out.clone());
        std::thread::scope(|scope| {
            for name in ["ada", "bob", "cid"] {
                let lines = &lines;
                scope.spawn(move || {
                    for number in 0..10_000 {
                        let line = format!("{name} {number}\n");
                        (&**lines).write_all(line.as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(writing);
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        for name in ["ada", "bob", "cid"] {
            let told: Vec<_> = text.lines().filter(|line| line.starts_with(name)).collect();
            let all: Vec<_> = (0..10_000).map(|number| format!("{name} {number}")).collect();
            assert_eq!(told, all);
        }
    }
}
