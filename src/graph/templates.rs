//! The templates of a WhatsApp Business Account.

use super::{Credentials, Graph, GraphFailure, Page, PageQuery};
use crate::model::GraphId;

impl Graph {
    /// One page of the account's templates.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn templates(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
        query: &PageQuery,
    ) -> Result<Page, GraphFailure> {
        self.page(credentials, waba, "message_templates", query).await
    }
}
