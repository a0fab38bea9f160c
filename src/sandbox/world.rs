//! Everything one sandbox knows; the handlers share it.

use std::io;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::model::{GraphId, PhoneNumber};

use super::SandboxSettings;
use super::errors::{GraphError, Judged};
use super::flows::Flows;
use super::media::Shelf;
use super::profile::Profiles;
use super::sent::SentMessages;
use super::templates::Templates;
use super::webhooks::Webhooks;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) url: Url,
    pub(crate) access_token: SecretString,
    pub(crate) waba_id: GraphId,
    pub(crate) phone_numbers: Vec<PhoneNumber>,
    pub(crate) clock: Clock,
    pub(crate) slow_answer: Duration,
    pub(crate) status_pause: Duration,
    pub(crate) templates: Templates,
    pub(crate) flows: Flows,
    pub(crate) media: Shelf,
    pub(crate) profiles: Profiles,
    pub(crate) sent: SentMessages,
    pub(crate) webhooks: Webhooks,
    /// Cancelled when the sandbox stops; whoever waits without an end waits for this too.
    pub(crate) stopping: CancellationToken,
}

impl World {
    pub(crate) async fn open(
        settings: SandboxSettings,
        url: Url,
        stopping: CancellationToken,
    ) -> io::Result<Self> {
        Ok(Self {
            url,
            access_token: settings.access_token,
            waba_id: settings.waba_id,
            phone_numbers: settings.phone_numbers,
            media: Shelf::open(settings.media_dir, settings.clock.clone()).await?,
            clock: settings.clock,
            slow_answer: settings.slow_answer,
            status_pause: settings.status_pause,
            templates: Templates::samples()?,
            flows: Flows::samples()?,
            profiles: Profiles::default(),
            sent: SentMessages::default(),
            webhooks: Webhooks::new(settings.retry_pause, stopping.clone())
                .map_err(io::Error::other)?,
            stopping,
        })
    }

    /// The business number with this id; `method` is the word Meta uses when there is none.
    pub(crate) fn phone_number(&self, method: &str, id: &str) -> Judged<&PhoneNumber> {
        self.phone_numbers
            .iter()
            .find(|number| number.id.as_str() == id)
            .ok_or_else(|| GraphError::unknown_object(method, id))
    }

    /// Says that `id` is the business account's.
    pub(crate) fn waba(&self, method: &str, id: &str) -> Judged {
        if self.waba_id.as_str() == id {
            return Ok(());
        }
        Err(GraphError::unknown_object(method, id))
    }
}
