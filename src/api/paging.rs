//! Pages of Graph's, as callers of ours see them.

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use crate::graph::{Page, PageQuery};
use crate::openapi::{Parameter, ParameterKind};
use crate::wire::{ApiError, Query, Reply};

pub(super) const LIMIT: Parameter = Parameter::query(
    "limit",
    ParameterKind::Number { least: 1, most: 1000 },
    "How many items a page may have",
);
pub(super) const AFTER: Parameter =
    Parameter::query("after", ParameterKind::Text, "The cursor to start behind");
pub(super) const BEFORE: Parameter =
    Parameter::query("before", ParameterKind::Text, "The cursor to end before");

/// `{items, paging?}`
#[derive(Serialize)]
struct Items<'a> {
    items: &'a [Box<RawValue>],
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

type Paging = serde_json::Map<String, Value>;

/// Reads `limit`, `after` and `before`.
pub(super) fn page_query(query: &Query) -> Result<PageQuery, ApiError> {
    Ok(PageQuery {
        limit: query.number("limit", 1..=1000)?,
        after: query.text("after")?.map(str::to_owned),
        before: query.text("before")?.map(str::to_owned),
        name: None,
    })
}

/// Answers a page. Its links lead to `here`, with the caller's own parameters and the cursor.
pub(super) fn page_reply(
    page: &Page,
    mut here: Url,
    path: &str,
    kept: &[(&str, String)],
) -> Response {
    use axum::response::IntoResponse as _;

    let base = here.path().trim_end_matches('/').to_owned();
    here.set_path(&format!("{base}{path}"));
    let paging = page.paging.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
    let paging = paging.map(|paging| own_links(paging, &here, kept));
    Reply(Items { items: &page.items, paging }).into_response()
}

/// Graph's links carry the account's Meta token, and lead past the gateway.
fn own_links(mut paging: Paging, here: &Url, kept: &[(&str, String)]) -> Paging {
    for (link, cursor) in [("next", "after"), ("previous", "before")] {
        let Some(Value::String(theirs)) = paging.remove(link) else { continue };
        let cursors = paging.get("cursors").and_then(|cursors| cursors.get(cursor));
        let position = cursors.and_then(Value::as_str).map(str::to_owned);
        if let Some(position) = position.or_else(|| parameter(&theirs, cursor)) {
            let mut url = here.clone();
            url.query_pairs_mut().extend_pairs(kept).append_pair(cursor, &position);
            paging.insert(link.to_owned(), url.to_string().into());
        }
    }
    paging
}

fn parameter(link: &str, name: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let value = url.query_pairs().find(|(key, _)| key == name);
    value.map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::own_links;

    fn own(theirs: &serde_json::Value, kept: &[(&str, String)]) -> serde_json::Value {
        let here = "https://gw.example/v2/templates".parse().unwrap();
        own_links(theirs.as_object().unwrap().clone(), &here, kept).into()
    }

    #[test]
    fn links_lead_here_and_carry_no_token() {
        let theirs = json!({
            "cursors": { "before": "b1", "after": "a1" },
            "next": "https://graph.facebook.com/v23.0/1/message_templates?access_token=EAA&after=a1",
            "previous": "not a link",
        });
        let ours = own(&theirs, &[("limit", "5".to_owned())]);
        assert_eq!(ours["next"], "https://gw.example/v2/templates?limit=5&after=a1");
        assert_eq!(ours["previous"], "https://gw.example/v2/templates?limit=5&before=b1");
    }

    #[test]
    fn a_link_without_a_cursor_is_dropped() {
        let theirs = json!({ "next": "https://graph.facebook.com/x?access_token=EAA" });
        assert_eq!(own(&theirs, &[]), json!({}));
    }
}
