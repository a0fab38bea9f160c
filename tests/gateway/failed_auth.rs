//! Wrong tokens: an address that shows too many is not listened to for a while.

use std::time::Duration;

use avenping_gateway::model::RateLimit;

use crate::harness::{Answer, Ask, Gateway, Place, Setup, TOKEN, cases, somebody, token_of};

cases![
    the_21st_wrong_token_from_an_address_in_a_minute_is_not_looked_up,
    another_address_is_served,
    a_token_that_was_good_is_good_whatever_else_comes_from_its_address,
    a_request_without_a_token_is_no_wrong_one,
    behind_a_trusted_proxy_it_is_the_client_that_counts,
    a_proxy_that_is_not_trusted_is_the_client_itself,
    the_limit_can_be_off,
];

fn wrong(gateway: &Gateway, nth: usize) -> Ask {
    gateway.get("/v2/me").token(&token_of(&format!("nobody-{nth}")))
}

/// Shows so many tokens that are nobody's.
async fn guess(gateway: &Gateway, so_many: usize, as_whom: impl Fn(Ask) -> Ask) {
    for nth in 0..so_many {
        let answer = as_whom(wrong(gateway, nth)).send().await;
        answer.refused(401, "UNAUTHORIZED", "Invalid API token");
    }
}

#[track_caller]
fn is_not_listened_to(answer: &Answer) {
    let message = "Too many invalid API tokens from this address";
    answer.refused(429, "RATE_LIMITED", message);
    assert_eq!(answer.header("retry-after"), Some("3"));
}

async fn the_21st_wrong_token_from_an_address_in_a_minute_is_not_looked_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    guess(&gateway, 20, |ask| ask).await;
    is_not_listened_to(&wrong(&gateway, 21).send().await);
    // Nor is one that nobody can hold, or one shown before.
    is_not_listened_to(&gateway.get("/v2/me").token("short").send().await);
    is_not_listened_to(&wrong(&gateway, 0).send().await);

    gateway.store.close().await;
    is_not_listened_to(&wrong(&gateway, 22).send().await);
    gateway.clock.advance(Duration::from_secs(3));
    // The database is asked again, and is away: that counts for nobody.
    assert_eq!(wrong(&gateway, 23).send().await.status, 503);
    assert_eq!(wrong(&gateway, 24).send().await.status, 503);
}

async fn another_address_is_served(place: Place) {
    let gateway = Gateway::start(&place).await;
    guess(&gateway, 20, |ask| ask).await;
    is_not_listened_to(&wrong(&gateway, 21).send().await);
    let elsewhere = "127.0.0.2".parse().unwrap();
    let answer = gateway.get("/v2/me").from(elsewhere).send().await;
    assert_eq!(answer.status, 200);
    guess(&gateway, 20, |ask| ask.from(elsewhere)).await;
    is_not_listened_to(&wrong(&gateway, 22).from(elsewhere).send().await);
}

async fn a_token_that_was_good_is_good_whatever_else_comes_from_its_address(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&somebody("bob")).await;
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
    guess(&gateway, 20, |ask| ask).await;
    is_not_listened_to(&gateway.get("/v2/me").token(&token_of("bob")).send().await);
    // Longer than any answer of the database is remembered.
    let until = tokio::time::Instant::now() + Duration::from_millis(800);
    while tokio::time::Instant::now() < until {
        assert_eq!(gateway.get("/v2/me").token(TOKEN).send().await.status, 200);
    }
    gateway.clock.advance(Duration::from_secs(3));
    assert_eq!(gateway.get("/v2/me").token(&token_of("bob")).send().await.status, 200);
}

async fn a_request_without_a_token_is_no_wrong_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    for _ in 0..30 {
        let answer = gateway.get("/v2/me").anonymous().send().await;
        answer.refused(401, "UNAUTHORIZED", "Missing API token");
    }
    guess(&gateway, 20, |ask| ask).await;
}

async fn behind_a_trusted_proxy_it_is_the_client_that_counts(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.limits.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let gateway = setup.start().await;
    let of = |client: &'static str| move |ask: Ask| ask.header("X-Forwarded-For", client);
    guess(&gateway, 20, of("203.0.113.7")).await;
    // What the client itself put in front changes nothing.
    for client in ["203.0.113.7", "198.51.100.9, 203.0.113.7", "203.0.113.7, 127.0.0.5"] {
        is_not_listened_to(&of(client)(wrong(&gateway, 21)).send().await);
    }
    let forwarded = wrong(&gateway, 21).header("Forwarded", "for=203.0.113.7");
    is_not_listened_to(&forwarded.send().await);
    guess(&gateway, 20, of("203.0.113.8")).await;
    guess(&gateway, 10, of("2001:db8:1:2::1")).await;
    guess(&gateway, 10, of("2001:db8:1:2:ffff::9")).await;
    is_not_listened_to(&of("2001:db8:1:2::2")(wrong(&gateway, 21)).send().await);
    guess(&gateway, 20, of("2001:db8:1:3::1")).await;
    guess(&gateway, 20, |ask| ask).await;
}

async fn a_proxy_that_is_not_trusted_is_the_client_itself(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.limits.trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let gateway = setup.start().await;
    for nth in 0..20 {
        let ask = wrong(&gateway, nth).header("X-Forwarded-For", format!("203.0.113.{nth}"));
        assert_eq!(ask.send().await.status, 401);
    }
    let ask = wrong(&gateway, 21).header("X-Forwarded-For", "203.0.113.200");
    is_not_listened_to(&ask.send().await);
}

async fn the_limit_can_be_off(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.limits.failed_auth_rate = RateLimit::Off;
    let gateway = setup.start().await;
    guess(&gateway, 30, |ask| ask).await;
}
