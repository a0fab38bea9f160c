//! Imports point one way. The table of rooms, and a check that the source keeps to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A room of the house: a file and a folder of one name.
struct Room {
    name: &'static str,
    /// The rooms it may look into, besides itself.
    may_use: &'static [&'static str],
    /// What is outside the crate and none of its business.
    must_not: &'static [&'static str],
}

const HTTP: &[&str] = &["axum", "hyper", "hyper_util", "reqwest", "tower", "tower_http"];
const NOT_FOR_NOUNS: &[&str] = &[
    "axum",
    "hyper",
    "hyper_util",
    "reqwest",
    "tower",
    "tower_http",
    "sqlx",
    "tokio",
    "tempfile",
    "std::fs",
    "std::env",
    "std::process",
];
const SQL_AND_CLIENTS: &[&str] = &["sqlx", "reqwest", "hyper"];

/// From the ground up: a room may use only such as stand before it in this list.
const ROOMS: &[Room] = &[
    Room { name: "model", may_use: &[], must_not: NOT_FOR_NOUNS },
    Room { name: "clock", may_use: &["model"], must_not: NOT_FOR_NOUNS },
    Room { name: "metrics", may_use: &["model"], must_not: NOT_FOR_NOUNS },
    Room { name: "fields", may_use: &["model"], must_not: NOT_FOR_NOUNS },
    Room { name: "config", may_use: &["model"], must_not: &["axum", "sqlx", "reqwest", "tokio"] },
    Room { name: "store", may_use: &["model", "clock", "metrics", "config"], must_not: HTTP },
    Room {
        name: "limits",
        may_use: &["model", "clock", "metrics", "config"],
        must_not: &["axum", "hyper", "reqwest", "tower", "sqlx"],
    },
    Room { name: "tls", may_use: &[], must_not: &["axum", "sqlx", "reqwest"] },
    Room {
        name: "traces",
        may_use: &["model", "metrics", "config", "tls"],
        must_not: &["axum", "sqlx"],
    },
    Room {
        name: "graph",
        may_use: &["model", "clock", "metrics", "fields", "config", "tls", "traces"],
        must_not: &["axum", "sqlx"],
    },
    // It runs without a server.
    Room {
        name: "delivery",
        may_use: &["model", "clock", "metrics", "config", "store", "tls"],
        must_not: &["axum", "sqlx"],
    },
    Room {
        name: "state",
        may_use: &[
            "model", "clock", "metrics", "config", "store", "traces", "graph", "delivery", "limits",
        ],
        must_not: &["axum", "sqlx", "reqwest"],
    },
    Room {
        name: "wire",
        may_use: &[
            "model", "clock", "metrics", "fields", "config", "store", "traces", "graph", "limits",
            "state",
        ],
        must_not: SQL_AND_CLIENTS,
    },
    Room {
        name: "access",
        may_use: &["model", "store", "limits", "wire", "state"],
        must_not: SQL_AND_CLIENTS,
    },
    Room {
        name: "openapi",
        may_use: &["access", "state", "wire", "fields"],
        must_not: SQL_AND_CLIENTS,
    },
    Room {
        name: "messages",
        may_use: &[
            "model", "clock", "metrics", "fields", "store", "limits", "graph", "wire", "state",
            "access", "openapi",
        ],
        must_not: SQL_AND_CLIENTS,
    },
    Room {
        name: "api",
        may_use: &[
            "model", "clock", "fields", "store", "graph", "delivery", "wire", "state", "access",
            "openapi",
        ],
        must_not: SQL_AND_CLIENTS,
    },
    Room {
        name: "meta_shape",
        may_use: &[
            "model", "fields", "store", "graph", "wire", "state", "access", "messages", "api",
            "openapi",
        ],
        must_not: SQL_AND_CLIENTS,
    },
    // It posts nothing: it fills the outbox, and answers.
    Room {
        name: "inbound",
        may_use: &["model", "metrics", "fields", "store", "wire", "state", "access", "openapi"],
        must_not: SQL_AND_CLIENTS,
    },
    Room { name: "server", may_use: &[], must_not: &["sqlx", "reqwest"] },
    // It judges our payloads by Meta's own pages, so it may not know how they are made.
    Room { name: "sandbox", may_use: &["model", "clock", "config", "tls"], must_not: &["sqlx"] },
    Room { name: "app", may_use: BELOW_APP, must_not: &["sqlx"] },
    Room { name: "cli", may_use: BELOW_CLI, must_not: &["sqlx"] },
];

const BELOW_APP: &[&str] = &[
    "model",
    "clock",
    "metrics",
    "fields",
    "config",
    "store",
    "traces",
    "graph",
    "limits",
    "state",
    "wire",
    "access",
    "openapi",
    "messages",
    "api",
    "meta_shape",
    "server",
    "inbound",
    "delivery",
];
const BELOW_CLI: &[&str] = &[
    "model", "clock", "metrics", "config", "store", "tls", "traces", "graph", "sandbox", "app",
    "openapi", "api",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of a room: `room.rs`, and all below `room/`.
fn files(room: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![source().join(format!("{room}.rs")), source().join(room)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
            files.push(path);
        }
    }
    files
}

/// The names that follow `crate::` in a line of code; `crate::{a, b::c}` names two.
fn rooms_used(line: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (start, _) in line.match_indices("crate::") {
        let before = line.get(..start).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = line.get(start + "crate::".len()..).unwrap_or_default();
        let group = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        let names = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
        let word = |name: &str| {
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            name.trim().split(end).next().unwrap_or_default().to_owned()
        };
        used.extend(names.into_iter().map(word).filter(|name| !name.is_empty()));
    }
    used
}

/// Whether a line of code names this crate or module of the standard library.
fn names(line: &str, outside: &str) -> bool {
    let path = format!("{outside}::");
    let starts = |start: usize| {
        let before = line.get(..start).unwrap_or_default();
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
    };
    line.match_indices(&path).any(|(start, _)| starts(start))
        || line.trim() == format!("use {outside};")
}

/// Everything of a file that is a rule of the house: comments say what they like, and tests at
/// its end may reach wherever they must.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let numbered = code.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn imports_point_one_way() {
    let mut broken = String::new();
    for room in ROOMS {
        for path in files(room.name) {
            let text = fs::read_to_string(&path).unwrap();
            let shown = path.strip_prefix(source()).unwrap().display();
            for (number, line) in code(&text) {
                for used in rooms_used(line) {
                    if used != room.name && !room.may_use.contains(&used.as_str()) {
                        let rule = format!("`{}` may use {:?}", room.name, room.may_use);
                        writeln!(broken, "src/{shown}:{number}: uses `{used}`; {rule}").unwrap();
                    }
                }
                for outside in room.must_not {
                    if names(line, outside) {
                        let rule = format!("`{}` must not touch it", room.name);
                        writeln!(broken, "src/{shown}:{number}: uses `{outside}`; {rule}").unwrap();
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{broken}");
}

#[test]
fn every_room_of_the_source_is_in_the_table() {
    let text = fs::read_to_string(source().join("lib.rs")).unwrap();
    let is_module = |line: &str| {
        let name = line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')?;
        Some(name.to_owned())
    };
    let modules: Vec<String> = text.lines().filter_map(is_module).collect();
    assert!(modules.len() > 10);
    for module in &modules {
        assert!(ROOMS.iter().any(|room| room.name == module), "`{module}` is not in the table");
        assert!(!files(module).is_empty(), "`{module}` has no file");
        assert!(!source().join(module).join("mod.rs").exists(), "a room opens with `{module}.rs`");
    }
    for room in ROOMS {
        assert!(modules.iter().any(|module| module == room.name), "there is no `{}`", room.name);
    }
}

#[test]
fn the_table_itself_points_one_way() {
    for (position, room) in ROOMS.iter().enumerate() {
        for used in room.may_use {
            let known = ROOMS.iter().position(|other| other.name == *used);
            let known = known.unwrap_or_else(|| panic!("`{used}` is no room"));
            assert!(known < position, "`{}` stands before `{used}`", room.name);
        }
    }
}

#[test]
fn what_a_line_uses_is_read_right() {
    assert_eq!(rooms_used("use crate::model::GraphId;"), ["model"]);
    assert_eq!(rooms_used("use crate::{api, messages::Kind};"), ["api", "messages"]);
    assert_eq!(rooms_used("let x = crate::graph::send(crate::wire::Reply);"), ["graph", "wire"]);
    assert_eq!(rooms_used("use mycrate::model;"), Vec::<String>::new());
    assert!(names("use axum::Router;", "axum") && names("let x: std::fs::File;", "std::fs"));
    assert!(!names("use crate::hyper::x;", "hyper") && !names("tokio_util::sync::X", "tokio"));
}
