//! The database, and whether the secret key opens it.

use super::Report;
use crate::cli::CommonSettings;
use crate::config::SecretKey;
use crate::store::{self, Keyring, Store, StoreError};

const DATABASE: &str = "database";

/// The store, if accounts can be read from it.
pub(super) async fn check(report: &mut Report, settings: &CommonSettings) -> Option<Store> {
    let keys = &settings.secret_keys.keys;
    let keyring = match SecretKey::generate() {
        // What needs no key can be checked with any.
        Ok(any) if keys.is_empty() => Keyring::new(&[any]),
        _ => Keyring::new(keys),
    };
    let opened = match keyring {
        Ok(keyring) => store::open_existing(&settings.database, keyring).await,
        Err(error) => Err(error),
    };
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            refuse(report, &error);
            return None;
        }
    };
    let usable = answers(report, &store).await && !keys.is_empty() && fits(report, &store).await;
    if usable {
        return Some(store);
    }
    store.close().await;
    None
}

async fn answers(report: &mut Report, store: &Store) -> bool {
    let answered = match store.ping().await {
        Ok(()) => store.check_schema().await,
        failed => failed,
    };
    match answered {
        Ok(()) => report.ok(DATABASE, "answers, and is up to date".to_owned()),
        Err(error) => {
            refuse(report, &error);
            return false;
        }
    }
    true
}

async fn fits(report: &mut Report, store: &Store) -> bool {
    const CHECK: &str = "key fits";
    let Err(error) = store.check_keys().await else {
        let message = "the secret key opens all that the database keeps".to_owned();
        match store.old_key_rows().await {
            Ok(left) if !left.is_none() => {
                let message = format!("{message}; still sealed with an old one: {left}");
                report.warn(CHECK, message, "`avenping key rotate` seals them with the new one");
            }
            _ => report.ok(CHECK, message),
        }
        return true;
    };
    let fix = "put the key that was used before into AVENPING_SECRET_KEY, behind the current \
               one and a comma";
    report.fail(CHECK, error.to_string(), fix);
    false
}

fn refuse(report: &mut Report, error: &StoreError) {
    if let StoreError::NoDatabase(file) = error {
        let message = format!("there is no database file {}", file.display());
        let fix = "`avenping migrate` makes it, unless DATABASE_URL should name another";
        return report.fail(DATABASE, message, fix);
    }
    let fix = match error {
        StoreError::OldSchema => "`avenping migrate` brings it up to date",
        StoreError::NewerSchema => "run the version of the gateway that migrated it, or a later",
        StoreError::Unavailable(_) => "see that the database runs, and that DATABASE_URL is right",
        _ => "see that DATABASE_URL is right",
    };
    report.fail(DATABASE, error.to_string(), fix);
}
