//! How often an account may call and a number may send, and what they are told of it.

use std::time::Duration;

use avenping_gateway::model::{NewAccount, PhoneNumber, RateLimit};
use avenping_gateway::store::AccountChange;
use serde_json::json;

use crate::harness::{
    Answer, BY, Gateway, NOW, NUMBER, Place, Setup, at, cases, eventually, graph_id, plan,
    somebody, token_of,
};

cases![
    without_a_limit_nothing_is_told,
    an_account_is_told_where_it_stands_and_when_to_come_again,
    a_number_has_a_limit_of_its_own_and_both_are_told,
    what_the_plan_refuses_counts_and_what_nobody_owns_does_not,
    accounts_do_not_draw_from_each_other,
    a_limit_of_an_accounts_own_takes_the_place_of_the_one_for_all,
    a_limit_is_shared_by_the_nodes_that_live,
];

const OTHER_NUMBER: &str = "106540352242923";

fn limit(text: &str) -> RateLimit {
    text.parse().unwrap()
}

async fn limited(place: &Place, account: &str, number: &str) -> Gateway {
    let mut setup = Setup::new(place).await;
    setup.settings.limits.account_rate = limit(account);
    setup.settings.limits.number_rate = limit(number);
    setup.start().await
}

async fn me(gateway: &Gateway, who: &str) -> Answer {
    gateway.get("/v2/me").token(&token_of(who)).send().await
}

async fn send(gateway: &Gateway, from: &str) -> Answer {
    let text = json!({ "phoneNumberId": from, "to": "1", "text": "Hi" });
    gateway.post("/v2/messages/send/text", &text).send().await
}

#[track_caller]
fn told(answer: &Answer, status: u16, policy: &str, standing: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("ratelimit-policy"), Some(policy));
    assert_eq!(answer.header("ratelimit"), Some(standing));
}

async fn without_a_limit_nothing_is_told(place: Place) {
    let gateway = Gateway::start(&place).await;
    for answer in [me(&gateway, "ada").await, send(&gateway, NUMBER).await] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), None);
        assert_eq!(answer.header("ratelimit"), None);
    }
}

async fn an_account_is_told_where_it_stands_and_when_to_come_again(place: Place) {
    let gateway = limited(&place, "3/60s", "off").await;
    let policy = r#""account";q=3;w=60"#;
    for left in [2, 1, 0] {
        let standing = format!(r#""account";r={left};t=20"#);
        told(&me(&gateway, "ada").await, 200, policy, &standing);
    }
    for _ in 0..2 {
        let refused = me(&gateway, "ada").await;
        told(&refused, 429, policy, r#""account";r=0;t=20"#);
        refused.refused(429, "RATE_LIMITED", "The rate limit of this account is reached");
        assert_eq!(refused.header("retry-after"), Some("20"));
    }
    gateway.clock.advance(Duration::from_millis(19_001));
    let refused = me(&gateway, "ada").await;
    told(&refused, 429, policy, r#""account";r=0;t=1"#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    gateway.clock.advance(Duration::from_millis(999));
    told(&me(&gateway, "ada").await, 200, policy, r#""account";r=0;t=20"#);
    gateway.clock.advance(Duration::from_secs(3600));
    told(&me(&gateway, "ada").await, 200, policy, r#""account";r=2;t=20"#);
}

async fn a_number_has_a_limit_of_its_own_and_both_are_told(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.limits.account_rate = limit("10/10s");
    setup.settings.limits.number_rate = limit("2/1s");
    let gateway = setup.start().await;
    let number = PhoneNumber {
        id: graph_id(OTHER_NUMBER),
        number: "+1 555 078 3882".to_owned(),
        name: String::new(),
    };
    change(&gateway, AccountChange { add_numbers: vec![number], ..Default::default() }).await;
    gateway.meta.answers("POST", &format!("/v23.0/{OTHER_NUMBER}/messages"), 200, "{}").await;

    let policy = r#""account";q=10;w=10, "number";q=2;w=1"#;
    told(&send(&gateway, NUMBER).await, 200, policy, r#""account";r=9;t=1, "number";r=1;t=1"#);
    told(&send(&gateway, NUMBER).await, 200, policy, r#""account";r=8;t=1, "number";r=0;t=1"#);
    let refused = send(&gateway, NUMBER).await;
    told(&refused, 429, policy, r#""account";r=7;t=1, "number";r=0;t=1"#);
    refused.refused(429, "RATE_LIMITED", "The rate limit of this phone number is reached");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(gateway.meta.count().await, 2);

    let other = send(&gateway, OTHER_NUMBER).await;
    assert_eq!(other.header("ratelimit"), Some(r#""account";r=6;t=1, "number";r=1;t=1"#));
    assert_eq!(gateway.meta.count().await, 3);
    // What does not send counts for the account alone.
    told(&me(&gateway, "ada").await, 200, r#""account";q=10;w=10"#, r#""account";r=5;t=1"#);
    gateway.clock.advance(Duration::from_millis(500));
    assert_eq!(send(&gateway, NUMBER).await.status, 200);
}

async fn what_the_plan_refuses_counts_and_what_nobody_owns_does_not(place: Place) {
    let gateway = limited(&place, "3/60s", "1/60s").await;
    let mut basic: NewAccount = somebody("bob");
    basic.account.plans = vec![plan("Basic")];
    gateway.join(&basic).await;
    for left in [2, 1, 0] {
        let standing = format!(r#""account";r={left};t=20"#);
        told(&me(&gateway, "bob").await, 403, r#""account";q=3;w=60"#, &standing);
    }
    assert_eq!(me(&gateway, "bob").await.status, 429);

    let stranger = send(&gateway, OTHER_NUMBER).await;
    told(&stranger, 403, r#""account";q=3;w=60"#, r#""account";r=2;t=20"#);
    // Ownership comes first, then the limit, then the fields.
    let broken = json!({ "phoneNumberId": NUMBER });
    for status in [400, 429] {
        let answer = gateway.post("/v2/messages/send/text", &broken).send().await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

async fn accounts_do_not_draw_from_each_other(place: Place) {
    let gateway = limited(&place, "1/60s", "off").await;
    gateway.join(&somebody("bob")).await;
    assert_eq!(me(&gateway, "ada").await.status, 200);
    assert_eq!(me(&gateway, "ada").await.status, 429);
    assert_eq!(me(&gateway, "bob").await.status, 200);
    assert_eq!(gateway.get("/v2/health").send().await.header("ratelimit"), None);
}

async fn change(gateway: &Gateway, change: AccountChange) {
    let id = gateway.store.account("ada@example.com").await.unwrap().unwrap().id;
    assert!(gateway.store.change_account(&id, &change, &BY, at(NOW)).await.unwrap());
}

async fn a_limit_of_an_accounts_own_takes_the_place_of_the_one_for_all(place: Place) {
    let gateway = limited(&place, "1000000/60s", "off").await;
    let policy = async || {
        let answer = send(&gateway, NUMBER).await;
        answer.header("ratelimit-policy").map(str::to_owned)
    };
    let for_all = Some(r#""account";q=1000000;w=60"#.to_owned());
    assert_eq!(policy().await, for_all);

    let own = |account, number| AccountChange {
        rate_limit: Some(account),
        number_rate_limit: Some(number),
        ..Default::default()
    };
    let (one, two) = (Some(limit("900000/1s")), Some(limit("800000/1s")));
    for (account, number, expected) in [
        (one, two, Some(r#""account";q=900000;w=1, "number";q=800000;w=1"#.to_owned())),
        (Some(RateLimit::Off), two, Some(r#""number";q=800000;w=1"#.to_owned())),
        (Some(RateLimit::Off), Some(RateLimit::Off), None),
        (None, None, for_all),
    ] {
        change(&gateway, own(account, number)).await;
        eventually("the change is seen", async || policy().await == expected).await;
    }
}

async fn a_limit_is_shared_by_the_nodes_that_live(place: Place) {
    let mut nodes = Vec::new();
    for _ in 0..2 {
        nodes.push(limited(&place, "10/3600s", "off").await);
    }
    let left_of = async |gateway: &Gateway, name: &str| {
        gateway.join(&somebody(name)).await;
        let answer = me(gateway, name).await;
        answer.header("ratelimit").unwrap().to_owned()
    };
    let mut strangers = 0;
    for node in &nodes {
        eventually("the nodes know of each other", async || {
            strangers += 1;
            left_of(node, &format!("stranger-{strangers}")).await == r#""account";r=4;t=720"#
        })
        .await;
    }
    let mut served = 0;
    for node in nodes.iter().cycle().take(30) {
        let answer = me(node, "ada").await;
        assert!(matches!(answer.status, 200 | 429), "{}", answer.text());
        served += usize::from(answer.status == 200);
    }
    assert_eq!(served, 10);

    // Who stops takes its leave.
    let mut other = nodes.pop().unwrap();
    other.stop();
    other.stopped().await;
    let last = &nodes[0];
    eventually("the one that is left has all of it", async || {
        strangers += 1;
        left_of(last, &format!("stranger-{strangers}")).await == r#""account";r=9;t=360"#
    })
    .await;
}
