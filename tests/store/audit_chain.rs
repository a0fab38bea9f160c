//! The chain of entries: one, whoever adds to it, and nobody alters it unseen.

use avenping_gateway::store::{AccountChange, AuditChain, ChainFault, Store};
use futures_util::future::join_all;

use crate::fixtures::{BY, START, at, join, newcomer};
use crate::harness::{Place, cases};

cases![
    an_empty_chain_holds,
    entries_cannot_be_changed_or_deleted,
    an_entry_that_was_altered_is_found,
    an_entry_that_was_altered_with_its_hash_is_found_by_the_next_one,
    an_entry_that_was_taken_away_is_found,
    an_entry_that_was_put_in_is_found,
    entries_that_were_cut_off_are_missed,
    a_chain_that_was_cut_off_with_its_head_looks_whole,
    a_long_chain_is_walked_page_by_page,
    stores_that_write_at_once_keep_one_chain,
];

/// Takes the triggers away, as somebody who owns the database can.
async fn unprotect(place: &Place) {
    if place.is_file() {
        place
            .execute(
                "DROP TRIGGER audit_entries_follow;
                 DROP TRIGGER audit_entries_move_the_head;
                 DROP TRIGGER audit_entries_are_not_changed;
                 DROP TRIGGER audit_entries_are_not_deleted;
                 DROP TRIGGER audit_head_only_moves_on",
            )
            .await;
        return;
    }
    place
        .execute(
            "ALTER TABLE audit_entries DISABLE TRIGGER USER;
             ALTER TABLE audit_head DISABLE TRIGGER USER",
        )
        .await;
}

/// A store with six entries, which nothing protects any more.
async fn unprotected(place: &Place) -> Store {
    let store = place.store().await;
    for name in ["ada", "bob", "eve"] {
        join(&store, name).await;
    }
    assert!(matches!(check(&store).await, AuditChain::Holds(head) if head.id == 6));
    unprotect(place).await;
    store
}

async fn check(store: &Store) -> AuditChain {
    store.check_audit_chain().await.unwrap()
}

fn broken(entry: i64, fault: ChainFault) -> AuditChain {
    AuditChain::Broken { entry, fault }
}

async fn an_empty_chain_holds(place: Place) {
    let store = place.store().await;
    let AuditChain::Holds(head) = check(&store).await else { panic!("it does not hold") };
    assert_eq!((head.id, head.hash.as_str()), (0, ""));
}

async fn entries_cannot_be_changed_or_deleted(place: Place) {
    let store = place.store().await;
    join(&store, "ada").await;
    let before = store.audit_entries(None, None, 10).await.unwrap();
    let both = [
        "UPDATE audit_entries SET actor_name = 'somebody else' WHERE id = 1",
        "UPDATE audit_entries SET details = '{}'",
        "DELETE FROM audit_entries WHERE id = 2",
        "DELETE FROM audit_entries",
        "UPDATE audit_head SET id = 1",
        "UPDATE audit_head SET hash = ''",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (single, id, hash) VALUES (1, 0, '')",
        "INSERT INTO audit_entries
             (id, at, actor, action, details, previous_hash, hash)
         VALUES (3, 1, 'cli', 'account.deleted', '{}', 'x', 'y')",
        "INSERT INTO audit_entries
             (id, at, actor, action, details, previous_hash, hash)
         SELECT 9, 1, 'cli', 'account.deleted', '{}', hash, 'y' FROM audit_head",
    ];
    let theirs: &[&str] = if place.is_file() {
        &[
            "INSERT OR REPLACE INTO audit_entries
                 (id, at, actor, action, details, previous_hash, hash)
             VALUES (1, 1, 'cli', 'account.deleted', '{}', '', 'y')",
            "INSERT OR REPLACE INTO audit_head (single, id, hash) VALUES (1, 0, '')",
        ]
    } else {
        &[
            "TRUNCATE audit_entries",
            "TRUNCATE audit_head",
            "INSERT INTO audit_entries (id, at, actor, action, details, previous_hash, hash)
             VALUES (1, 1, 'cli', 'account.deleted', '{}', '', 'y')
             ON CONFLICT (id) DO UPDATE SET details = '{}'",
        ]
    };
    for statement in both.iter().chain(theirs) {
        let refused = place.raw().await.try_execute(statement).await;
        let told = refused.expect_err(statement).to_string();
        assert!(told.contains("audit entr"), "{statement}: {told}");
    }
    assert_eq!(store.audit_entries(None, None, 10).await.unwrap(), before);
    join(&store, "bob").await;
    assert!(matches!(check(&store).await, AuditChain::Holds(head) if head.id == 4));
}

async fn an_entry_that_was_altered_is_found(place: Place) {
    let store = unprotected(&place).await;
    place.execute("UPDATE audit_entries SET actor_name = 'eve' WHERE id = 4").await;
    assert_eq!(check(&store).await, broken(4, ChainFault::Changed));
    // The first one counts.
    place.execute("UPDATE audit_entries SET at = at + 1 WHERE id = 2").await;
    assert_eq!(check(&store).await, broken(2, ChainFault::Changed));
}

async fn an_entry_that_was_altered_with_its_hash_is_found_by_the_next_one(place: Place) {
    let store = unprotected(&place).await;
    for (id, found) in [(6, broken(6, ChainFault::Changed)), (4, broken(5, ChainFault::Unlinked))] {
        let mut entry = store.audit_entries_since(id - 1, 1).await.unwrap().remove(0);
        entry.account = None;
        let hash = entry.digest();
        let statement =
            format!("UPDATE audit_entries SET account_id = NULL, hash = '{hash}' WHERE id = {id}");
        place.raw().await.try_execute(&statement).await.unwrap();
        assert_eq!(check(&store).await, found);
    }
}

async fn an_entry_that_was_taken_away_is_found(place: Place) {
    let store = unprotected(&place).await;
    place.execute("DELETE FROM audit_entries WHERE id = 3").await;
    assert_eq!(check(&store).await, broken(3, ChainFault::Missing));
    place.execute("DELETE FROM audit_entries WHERE id = 1").await;
    assert_eq!(check(&store).await, broken(1, ChainFault::Missing));
}

async fn an_entry_that_was_put_in_is_found(place: Place) {
    let store = unprotected(&place).await;
    place
        .execute(
            "INSERT INTO audit_entries (id, at, actor, action, details, previous_hash, hash)
             SELECT 7, 1, 'cli', 'account.deleted', '{}', hash, 'y' FROM audit_head",
        )
        .await;
    assert_eq!(check(&store).await, broken(7, ChainFault::Changed));
    let hash = store.audit_entries_since(6, 1).await.unwrap()[0].digest();
    let statement = format!("UPDATE audit_entries SET hash = '{hash}' WHERE id = 7");
    place.raw().await.try_execute(&statement).await.unwrap();
    assert_eq!(check(&store).await, broken(7, ChainFault::Surplus));
    place.execute("UPDATE audit_entries SET id = -3 WHERE id = 7").await;
    assert_eq!(check(&store).await, broken(-3, ChainFault::Surplus));
}

async fn entries_that_were_cut_off_are_missed(place: Place) {
    let store = unprotected(&place).await;
    place.execute("DELETE FROM audit_entries WHERE id > 4").await;
    assert_eq!(check(&store).await, broken(5, ChainFault::Missing));
    place.execute("DELETE FROM audit_entries").await;
    assert_eq!(check(&store).await, broken(1, ChainFault::Missing));
}

/// What no look at the database alone can tell; whoever noted a later hash elsewhere can.
async fn a_chain_that_was_cut_off_with_its_head_looks_whole(place: Place) {
    let store = unprotected(&place).await;
    place.execute("DELETE FROM audit_entries WHERE id > 4").await;
    place
        .execute(
            "UPDATE audit_head SET id = 4, hash = (SELECT hash FROM audit_entries WHERE id = 4)",
        )
        .await;
    assert!(matches!(check(&store).await, AuditChain::Holds(head) if head.id == 4));
}

async fn a_long_chain_is_walked_page_by_page(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for turn in 0..1_010 {
        let change = AccountChange { suspended: Some(turn % 2 == 0), ..Default::default() };
        assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    }
    assert!(matches!(check(&store).await, AuditChain::Holds(head) if head.id == 1_012));
    unprotect(&place).await;
    place.execute("UPDATE audit_entries SET details = '{} ' WHERE id = 1001").await;
    assert_eq!(check(&store).await, broken(1_001, ChainFault::Changed));
}

async fn stores_that_write_at_once_keep_one_chain(place: Place) {
    const EACH: usize = 20;
    let stores = [place.store().await, place.store().await, place.store().await];
    let news: Vec<_> = (0..stores.len() * EACH).map(|n| newcomer(&format!("name-{n}"))).collect();
    let writing = stores.iter().zip(news.chunks(EACH)).map(async |(store, news)| {
        for new in news {
            store.create_account(new, &BY).await.unwrap();
            // Reading meanwhile finds no fault either.
            assert!(matches!(check(store).await, AuditChain::Holds(_)));
        }
    });
    join_all(writing).await;
    let count = i64::try_from(2 * news.len()).unwrap();
    assert!(matches!(check(&stores[0]).await, AuditChain::Holds(head) if head.id == count));
    assert_eq!(place.count("SELECT count(*) FROM audit_entries").await, count);
}
