//! The account that a sandbox has when nobody asked for another.

use std::io;
use std::path::PathBuf;

use crate::clock::Clock;
use crate::model::{GraphId, PhoneNumber};

use super::SandboxSettings;

const ACCESS_TOKEN: &str = "sandbox-access-token";
const WABA_ID: &str = "102290129340398";
const PHONE_NUMBER_ID: &str = "106540352242922";
const PHONE_NUMBER: &str = "+1 555-078-3881";
const NAME: &str = "Sandbox Store";

/// The demo account, on a free loopback port, with its media in `media_dir`.
///
/// # Errors
/// Never with the values above; their ids are checked like any other.
pub fn demo(media_dir: PathBuf) -> io::Result<SandboxSettings> {
    let id = |text: &str| text.parse::<GraphId>().map_err(io::Error::other);
    let number = PhoneNumber {
        id: id(PHONE_NUMBER_ID)?,
        number: PHONE_NUMBER.to_owned(),
        name: NAME.to_owned(),
    };
    Ok(SandboxSettings {
        listen: SandboxSettings::ANY_PORT,
        media_dir,
        access_token: ACCESS_TOKEN.into(),
        waba_id: id(WABA_ID)?,
        phone_numbers: vec![number],
        clock: Clock::system(),
        slow_answer: SandboxSettings::SLOW_ANSWER,
        status_pause: SandboxSettings::STATUS_PAUSE,
        retry_pause: SandboxSettings::RETRY_PAUSE,
    })
}
