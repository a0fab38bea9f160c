//! Lists in pages: `limit`, `after`, `before`, cursors, and links that carry the token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::codes;
use super::errors::{GraphError, Judged};
use super::query::Query;
use super::world::World;

const USUAL_LIMIT: usize = 25;
const LARGEST_LIMIT: usize = 1000;

#[derive(Serialize)]
struct Paging {
    cursors: Cursors,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

#[derive(Serialize)]
struct Cursors {
    before: String,
    after: String,
}

/// One page of `rows`, with the links to its neighbours; `path` is that of the list itself.
pub(crate) fn page(world: &World, path: &str, query: &Query, rows: &[Value]) -> Judged<Value> {
    let limit = limit(query)?;
    let (start, end) = span(query, limit, rows.len())?;
    let shown: Vec<&Value> = rows.iter().skip(start).take(end.saturating_sub(start)).collect();
    if shown.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    let cursors = Cursors { before: cursor(start), after: cursor(end.saturating_sub(1)) };
    let link = |way, at: &str| link(world, path, query, limit, (way, at));
    let next = (end < rows.len()).then(|| link("after", &cursors.after));
    let previous = (start > 0).then(|| link("before", &cursors.before));
    Ok(json!({ "data": shown, "paging": Paging { cursors, next, previous } }))
}

fn limit(query: &Query) -> Judged<usize> {
    let Some(text) = query.get("limit") else { return Ok(USUAL_LIMIT) };
    match text.parse::<usize>() {
        Ok(limit) if (1..=LARGEST_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(GraphError::invalid_request(format!("limit must be 1 to {LARGEST_LIMIT}."))),
    }
}

/// From where to where the page goes in a list of `count` rows.
fn span(query: &Query, limit: usize, count: usize) -> Judged<(usize, usize)> {
    if let Some(after) = query.get("after") {
        let start = position(after)?.saturating_add(1).min(count);
        return Ok((start, start.saturating_add(limit).min(count)));
    }
    if let Some(before) = query.get("before") {
        let end = position(before)?.min(count);
        return Ok((end.saturating_sub(limit), end));
    }
    Ok((0, limit.min(count)))
}

fn cursor(position: usize) -> String {
    URL_SAFE_NO_PAD.encode(position.to_string())
}

fn position(cursor: &str) -> Judged<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
        .ok_or_else(|| GraphError::new(codes::CURSOR, "The cursor is none of this list."))
}

/// As Meta's do, the link carries the access token in its query.
fn link(world: &World, path: &str, query: &Query, limit: usize, (way, at): (&str, &str)) -> String {
    let mut link: Url = world.url.clone();
    link.set_path(path);
    let mut pairs = link.query_pairs_mut();
    pairs.append_pair("access_token", world.access_token.expose_secret());
    let own = ["access_token", "limit", "after", "before"];
    for (name, value) in query.pairs().filter(|(name, _)| !own.contains(name)) {
        pairs.append_pair(name, value);
    }
    pairs.append_pair("limit", &limit.to_string()).append_pair(way, at);
    drop(pairs);
    link.into()
}
