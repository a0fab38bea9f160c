//! The flows of a WhatsApp Business Account.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Credentials, Edge, Graph, GraphFailure, Page, PageQuery};
use crate::model::{FlowSnapshot, GraphId};

/// What the gateway reads of a flow; the caller gets all of it.
#[derive(Debug, Deserialize)]
pub struct Flow {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    validation_errors: Option<Box<RawValue>>,
}

impl Flow {
    /// The rows of a page that are flows.
    #[must_use]
    pub fn read_all(page: &Page) -> Vec<FlowSnapshot> {
        page.items.iter().filter_map(|item| Self::read(item.get().as_bytes())).collect()
    }

    /// `None` if the text is no flow, or its id none that could be asked for.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<FlowSnapshot> {
        let flow: Self = serde_json::from_slice(text).ok()?;
        let validation =
            flow.validation_errors.map_or_else(|| "[]".into(), |raw| raw.get().to_owned());
        // No database keeps U+0000 in a text, and one odd name must not hide the other flows.
        let kept = |text: String| text.replace('\0', "\u{fffd}");
        Some(FlowSnapshot {
            id: GraphId::parse(&flow.id)?,
            name: kept(flow.name),
            status: kept(flow.status),
            validation,
        })
    }
}

impl Graph {
    /// All flows of the account, over all pages.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn flows(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
    ) -> Result<Vec<FlowSnapshot>, GraphFailure> {
        let mut flows = Vec::new();
        let query = PageQuery { limit: Some(100), ..PageQuery::default() };
        let mut pages = self.pages(credentials, waba, Edge::Flows, query);
        while let Some(page) = pages.next().await? {
            flows.extend(Flow::read_all(&page));
        }
        Ok(flows)
    }

    /// One flow, as Graph tells of it.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn flow(
        &self,
        credentials: Credentials<'_>,
        flow: &GraphId,
    ) -> Result<Bytes, GraphFailure> {
        let url = self.address(credentials.errand, flow, None);
        self.read(credentials, &url, |reply| Ok(reply.body)).await
    }
}
