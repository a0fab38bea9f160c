//! The rows that an account in PostgreSQL is made of.

use sqlx::{query, query_scalar};

use crate::model::{Account, AccountId, PhoneNumber, Plan, Timestamp};
use crate::store::postgres::Writing;
use crate::store::rows::NewSecrets;
use crate::store::{StoreError, sql};

pub(super) async fn insert_account(
    tx: &mut Writing,
    account: &Account,
    secrets: &NewSecrets,
) -> Result<(), StoreError> {
    let insert = query(sql::INSERT_ACCOUNT)
        .bind(account.id.as_str())
        .bind(&account.name)
        .bind(account.email.to_lowercase())
        .bind(account.suspended)
        .bind(&secrets.data_key)
        .bind(&secrets.data_key_id)
        .bind(account.created_at.as_millis())
        .bind(account.rate_limits.account.map(|limit| limit.to_string()))
        .bind(account.rate_limits.number.map(|limit| limit.to_string()));
    if insert.execute(&mut **tx).await?.rows_affected() == 0 {
        return Err(StoreError::Taken("email"));
    }
    let Some(whatsapp) = &account.whatsapp else { return Ok(()) };
    let insert = query(sql::INSERT_WHATSAPP)
        .bind(&whatsapp.id)
        .bind(account.id.as_str())
        .bind(whatsapp.waba_id.as_str())
        .bind(&whatsapp.display_name)
        .bind(&secrets.meta_token);
    insert.execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn insert_plan(
    tx: &mut Writing,
    account: &AccountId,
    position: i64,
    plan: &Plan,
) -> Result<(), StoreError> {
    let insert = query(sql::INSERT_PLAN)
        .bind(account.as_str())
        .bind(position)
        .bind(&plan.name)
        .bind(plan.add_on)
        .bind(plan.ends_at.map(Timestamp::as_millis));
    insert.execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn replace_primary_plan(
    tx: &mut Writing,
    account: &AccountId,
    plan: Option<&Plan>,
) -> Result<(), StoreError> {
    let remove = query_scalar(sql::REMOVE_PRIMARY_PLAN).bind(account.as_str());
    let freed: Option<i64> = remove.fetch_optional(&mut **tx).await?;
    let Some(plan) = plan else { return Ok(()) };
    let position = match freed {
        Some(position) => position,
        None => {
            let behind = query_scalar(sql::POSITION_BEHIND_PLANS).bind(account.as_str());
            behind.fetch_one(&mut **tx).await?
        }
    };
    let plan = Plan { add_on: false, ..plan.clone() };
    insert_plan(tx, account, position, &plan).await
}

pub(super) async fn save_number(
    tx: &mut Writing,
    account: &AccountId,
    number: &PhoneNumber,
) -> Result<(), StoreError> {
    let save = query(sql::SAVE_NUMBER)
        .bind(account.as_str())
        .bind(number.id.as_str())
        .bind(&number.number)
        .bind(&number.name);
    save.execute(&mut **tx).await?;
    Ok(())
}
