//! What Graph knows of a WhatsApp Business Account and its numbers.

use serde::Deserialize;

use super::{Credentials, Graph, GraphFailure, PageQuery};
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
        let mut query = PageQuery { limit: Some(100), ..PageQuery::default() };
        loop {
            let page = self.page(credentials, waba, "phone_numbers", &query).await?;
            let rows = page.items.iter().filter_map(|row| serde_json::from_str(row.get()).ok());
            numbers.extend(rows.filter_map(|row: Row| {
                let id = GraphId::parse(&row.id)?;
                Some(PhoneNumber { id, number: row.display_phone_number, name: row.verified_name })
            }));
            let next = page.next_cursor();
            if next.is_none() || next == query.after {
                return Ok(numbers);
            }
            query.after = next;
        }
    }
}
