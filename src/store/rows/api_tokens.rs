//! API tokens as rows.

use sqlx::FromRow;

use crate::model::Timestamp;
use crate::store::audit::deeds::OtherToken;

/// A token beside the one that a change is about.
#[derive(FromRow)]
pub(in crate::store) struct TokenRow {
    digest: Vec<u8>,
    last_four: String,
    expires_at: Option<i64>,
}

impl TokenRow {
    pub(in crate::store) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// The same token, now that it ends at `end`, unless its own end is earlier.
    pub(in crate::store) fn ending(self, end: Timestamp) -> Self {
        let end = self.expires_at.map_or(end.as_millis(), |own| own.min(end.as_millis()));
        Self { expires_at: Some(end), ..self }
    }

    pub(in crate::store) fn into_token(self) -> OtherToken {
        let ends_at = self.expires_at.map(Timestamp::from_millis);
        OtherToken { last_four: self.last_four, ends_at }
    }
}

/// Those that were live at `now`.
pub(in crate::store) fn live(rows: Vec<TokenRow>, now: Timestamp) -> Vec<OtherToken> {
    let is_live = |token: &OtherToken| token.ends_at.is_none_or(|end| end > now);
    rows.into_iter().map(TokenRow::into_token).filter(is_live).collect()
}
