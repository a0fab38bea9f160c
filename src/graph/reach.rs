//! Whether Graph can be reached at all.

use tokio::time::timeout;

use super::exchange::{out_of_time, without_answer};
use super::{Graph, GraphFailure};

impl Graph {
    /// The HTTP status of some answer: without a token it is a refusal, which is answer enough.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn reach(&self) -> Result<u16, GraphFailure> {
        let call = self.0.client.get(self.0.settings.url.clone()).send();
        let answered = timeout(self.0.settings.read_timeout.get(), call).await;
        let answer = answered.map_err(|_| out_of_time())?;
        Ok(answer.map_err(|error| without_answer(&error))?.status().as_u16())
    }
}
