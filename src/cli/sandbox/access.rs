//! What the sandbox says when it starts.

use std::path::Path;

use serde::Serialize;

use crate::cli::output;

/// What a caller needs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Access<'a> {
    pub(super) url: String,
    pub(super) token: &'a str,
    pub(super) phone_number_id: String,
    pub(super) waba_id: String,
}

pub(super) fn tell(
    access: &Access<'_>,
    meta: &url::Url,
    directory: &Path,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        return output::json(access);
    }
    let Access { url, token, phone_number_id, waba_id } = access;
    output::line(format_args!("listening on {url}\n"))?;
    output::line(format_args!("  token           {token}"))?;
    output::line(format_args!("  phoneNumberId   {phone_number_id}"))?;
    output::line(format_args!("  wabaId          {waba_id}"))?;
    output::line(format_args!("  stand-in        {meta} (in place of Meta)\n"))?;
    output::line("Send a first message:\n")?;
    output::line(format_args!(
        "curl {url}/v2/messages/send/text -H 'Authorization: Bearer {token}' \
         -H 'Content-Type: application/json' \
         -d '{{\"phoneNumberId\":\"{phone_number_id}\",\"to\":\"15551234567\",\"text\":\"Hello\"}}'\n"
    ))?;
    let directory = directory.display();
    output::line("See what a webhook is told, and make a customer write:\n")?;
    output::line(format_args!("avenping listen --data-dir '{directory}'"))?;
    output::line(format_args!("avenping sandbox inbound --text 'Hi' --data-dir '{directory}'"))
}
