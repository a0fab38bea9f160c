//! What Graph knows of a WhatsApp Business Account and its numbers.

use serde::Deserialize;

use super::{Credentials, Edge, Graph, GraphFailure, PageQuery};
use crate::model::{GraphId, PhoneNumber};

impl Graph {
    /// All numbers of the account, over all pages.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn phone_numbers(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
    ) -> Result<Vec<PhoneNumber>, GraphFailure> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            #[serde(default)]
            display_phone_number: String,
            #[serde(default)]
            verified_name: String,
        }

        let mut numbers = Vec::new();
        let query = PageQuery { limit: Some(100), ..PageQuery::default() };
        let mut pages = self.pages(credentials, waba, Edge::PhoneNumbers, query);
        while let Some(page) = pages.next().await? {
            let rows = page.items.iter().filter_map(|row| serde_json::from_str(row.get()).ok());
            numbers.extend(rows.filter_map(|row: Row| {
                let id = GraphId::parse(&row.id)?;
                Some(PhoneNumber { id, number: row.display_phone_number, name: row.verified_name })
            }));
        }
        Ok(numbers)
    }
}
