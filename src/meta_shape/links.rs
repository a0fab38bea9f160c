//! Links in Graph's answers: they lead past the gateway, and carry the account's Meta token.

use url::Url;

use super::INTERAKT;
use super::passing::OF_LISTS;
use crate::access::ACCESS_TOKEN;
use crate::fields::{Json, JsonKind};
use crate::graph::GraphReply;
use crate::model::GraphVersion;

/// The gateway as its caller reaches it.
pub(super) struct Here {
    /// With `/api` behind it, if the caller speaks Interakt's shape.
    base: Url,
    /// The caller's own token, if it came in the query: then its client follows links without any
    /// header.
    token: Option<String>,
}

impl Here {
    pub(super) fn new(mut base: Url, path: &str, token: Option<String>) -> Self {
        if path.starts_with(INTERAKT)
            && let Ok(mut segments) = base.path_segments_mut()
        {
            segments.pop_if_empty().push(INTERAKT.trim_start_matches('/'));
        }
        Self { base, token }
    }

    /// The address of something of ours.
    pub(super) fn link(&self, path: &[&str], query: &[(String, String)]) -> String {
        let mut link = self.base.clone();
        if let Ok(mut segments) = link.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            link.query_pairs_mut().extend_pairs(query);
        }
        if let Some(token) = &self.token {
            link.query_pairs_mut().append_pair(ACCESS_TOKEN, token);
        }
        link.into()
    }

    /// The same page of a list, asked for here.
    fn instead_of(&self, theirs: &str) -> Option<String> {
        let theirs = Url::parse(theirs).ok()?;
        let segments = theirs.path_segments()?;
        let path: Vec<_> =
            segments.skip_while(|part| GraphVersion::parse(part).is_none()).collect();
        if path.is_empty() {
            return None;
        }
        let known = theirs.query_pairs().filter(|(name, _)| OF_LISTS.contains(&&**name));
        let query: Vec<_> = known.map(|(name, value)| (name.into(), value.into())).collect();
        Some(self.link(&path, &query))
    }
}

/// Has the links of every list in the answer lead here. Nothing else of it changes.
pub(super) fn lead_here(reply: &mut GraphReply, here: &Here) {
    let Ok(text) = std::str::from_utf8(&reply.body) else { return };
    if !text.contains("\"paging\"") {
        return;
    }
    let mut found = Vec::new();
    collect(Json::trimmed(text), here, &mut found);
    reply.body = replaced(text, &found).into();
}

/// Puts another text in the place of some values of a JSON text.
pub(super) fn replaced(text: &str, values: &[(Json<'_>, String)]) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut done = 0;
    for (old, new) in values {
        // Every value is a part of the text itself.
        let start = old.text().as_ptr().addr() - text.as_ptr().addr();
        whole.push_str(text.get(done..start).unwrap_or_default());
        whole.push_str(new);
        done = start + old.text().len();
    }
    whole.push_str(text.get(done..).unwrap_or_default());
    whole
}

/// A link as JSON; one that cannot lead here leads nowhere.
pub(super) fn quoted(link: Option<&str>) -> String {
    link.and_then(|link| serde_json::to_string(link).ok()).unwrap_or_else(|| "null".to_owned())
}

fn collect<'a>(value: Json<'a>, here: &Here, found: &mut Vec<(Json<'a>, String)>) {
    if !value.text().contains("\"paging\"") {
        return;
    }
    match value.kind() {
        JsonKind::Array => {
            value.items().into_iter().flatten().for_each(|item| collect(item, here, found));
        }
        JsonKind::Object => {
            for (name, value) in value.members().unwrap_or_default().iter() {
                match name {
                    "paging" => links(value, here, found),
                    _ => collect(value, here, found),
                }
            }
        }
        _ => {}
    }
}

fn links<'a>(paging: Json<'a>, here: &Here, found: &mut Vec<(Json<'a>, String)>) {
    for (name, link) in paging.members().unwrap_or_default().iter() {
        if matches!(name, "next" | "previous")
            && let Some(Ok(theirs)) = link.as_string()
        {
            found.push((link, quoted(here.instead_of(&theirs).as_deref())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Here, collect, replaced};
    use crate::fields::Json;

    fn led(text: &str, path: &str, token: Option<&str>) -> String {
        let base = "https://gw.example/base".parse().unwrap();
        let here = Here::new(base, path, token.map(str::to_owned));
        let mut found = Vec::new();
        collect(Json::trimmed(text), &here, &mut found);
        replaced(text, &found)
    }

    const LIST: &str = r#" {"data":[ {"a": 1.0} ],"paging":{"cursors":{"after":"b"},
        "next":"https:\/\/graph.facebook.com\/v23.0\/1\/flows?access_token=EAA&limit=2&after=b&evil=1"}} "#;

    #[test]
    fn a_link_leads_here_without_metas_token_and_nothing_else_changes() {
        let ours = "https://gw.example/base/v23.0/1/flows?limit=2&after=b";
        let theirs = LIST.split("next\":\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(led(LIST, "/v23.0/1/flows", None), LIST.replace(theirs, ours));
    }

    #[test]
    fn the_callers_own_token_and_interakts_prefix_are_kept() {
        let led = led(LIST, "/api/v23.0/1/flows", Some("T&1"));
        let ours = "https://gw.example/base/api/v23.0/1/flows?limit=2&after=b&access_token=T%261";
        assert!(led.contains(ours), "{led}");
    }

    #[test]
    fn a_list_in_an_object_counts_too_and_what_leads_nowhere_is_null() {
        let nested =
            r#"{"id":"1","flows":{"data":[],"paging":{"previous":"not a link","next":null}}}"#;
        let expected = nested.replace("\"not a link\"", "null");
        assert_eq!(led(nested, "/v23.0/1", None), expected);
    }
}
