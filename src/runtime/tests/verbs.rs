//! Granting, undo, changing a TTL and renewing once, from the key to the sandbox.

use etcd_sandbox::Call;
use tonic::Status;

use super::*;

/// A monitor whose sandbox has another client's lease 0x77 of 600 s with two keys.
async fn monitor() -> MonitorTest {
    let test = MonitorTest::with(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false, |sandbox| {
        sandbox.grant_as(LeaseId(0x77), 600).unwrap();
        sandbox.put("/theirs/a", "1", Some(0x77)).unwrap();
        sandbox.put("/theirs/b", "2", Some(0x77)).unwrap();
    })
    .await;
    test.wait(2.0).await;
    test
}

impl MonitorTest {
    async fn type_in(&self, text: &str) {
        let keys: Vec<KeyCode> = text.chars().map(KeyCode::Char).collect();
        self.press(&keys).await;
    }

    /// Leaves only the row of this key, so that the cursor is on it.
    async fn select(&self, key: &str) {
        self.type_in(&format!("/key:{key}")).await;
        self.press(&[KeyCode::Enter]).await;
        assert!(self.screen.text().contains(key), "{}", self.screen.text());
    }

    fn own(&self) -> LeaseId {
        LeaseId(self.sandbox.leases().into_iter().find(|id| *id != 0x77).unwrap())
    }

    fn lease_of(&self, key: &str) -> Option<(LeaseId, Vec<u8>)> {
        self.sandbox.get(key).map(|pair| (LeaseId(pair.lease), pair.value))
    }
}

/// One grant is refused at once while 63 others are in flight. The sandbox carries these out, and replies later.
#[tokio::test(start_paused = true)]
async fn grants_in_flight_at_a_failure_are_reported_and_kept_alive_and_no_others_start() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.type_in("n1").await;
    test.press(&[KeyCode::Tab]).await;
    test.type_in("100").await;
    test.sandbox.faults().delay(Duration::from_millis(300));
    test.sandbox.faults().refuse(Call::Grant, 0, Status::permission_denied("scripted"));
    test.press(&[KeyCode::Enter]).await;
    test.wait(1.0).await;
    assert!(test.screen.text().contains("Granted 63 of 100 leases of 10 s: "), "{}", test.screen.text());
    test.sandbox.faults().delay(Duration::ZERO);
    test.wait(60.0).await;
    assert_eq!(test.sandbox.leases().len(), 63, "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn undo_restores_the_lease_with_its_id_keys_and_keepalive() {
    let test = monitor().await;
    let own = test.own();
    test.select("/service").await;
    test.type_in("x").await;
    test.wait(0.5).await;
    assert!(test.screen.text().contains("undoes it for 5 min: 1 key, 20 bytes"), "{}", test.screen.text());
    test.type_in("y").await;
    assert!(test.screen.text().contains("u undoes"), "{}", test.screen.text());
    assert_eq!((test.sandbox.leases(), test.lease_of("/service/10")), (vec![0x77], None));
    test.press(&[KeyCode::Esc]).await;
    test.type_in("u").await;
    assert_eq!(test.lease_of("/service/10"), Some((own, b"127.0.0.1".to_vec())));
    assert!(test.screen.text().contains(" again, "), "{}", test.screen.text());
    test.wait(30.0).await;
    assert!(test.sandbox.leases().contains(&own.0), "it is kept alive again");
}

#[tokio::test(start_paused = true)]
async fn undo_leaves_keys_alone_that_exist_again() {
    let test = monitor().await;
    test.select("/theirs").await;
    test.type_in("x1").await;
    test.press(&[KeyCode::Enter]).await;
    test.sandbox.put("/theirs/a", "new", None).unwrap();
    test.type_in("u").await;
    assert_eq!(test.lease_of("/theirs/a"), Some((LeaseId(0), b"new".to_vec())));
    assert_eq!(test.lease_of("/theirs/b"), Some((LeaseId(0x77), b"2".to_vec())));
    assert!(test.screen.text().contains("1 key exists again and was left alone: /theirs/a"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn undo_takes_another_id_if_the_old_one_exists_again() {
    let test = monitor().await;
    test.select("/theirs").await;
    test.type_in("x1").await;
    test.press(&[KeyCode::Enter]).await;
    test.sandbox.grant_as(LeaseId(0x77), 60).unwrap();
    test.type_in("u").await;
    let (new, _) = test.lease_of("/theirs/a").unwrap();
    assert!(new != LeaseId(0x77) && test.sandbox.leases().contains(&new.0));
    assert!(test.screen.text().contains("its id exists again"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn values_above_the_limit_cannot_be_undone() {
    let test = monitor().await;
    test.sandbox.put("/theirs/c", vec![b'x'; 1 << 20], Some(0x77)).unwrap();
    test.wait(1.0).await;
    test.select("/theirs").await;
    test.type_in("x").await;
    test.wait(0.5).await;
    assert!(test.screen.text().contains("No undo: the values take more than 1 MB."), "{}", test.screen.text());
    test.type_in("1").await;
    test.press(&[KeyCode::Enter]).await;
    assert!(test.screen.text().contains("no undo: the values take more than 1 MB"), "{}", test.screen.text());
    test.type_in("u").await;
    assert!(test.screen.text().contains("Cannot undo"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn a_changed_ttl_moves_keys_and_keepalive_to_the_new_lease() {
    let test = monitor().await;
    let own = test.own();
    test.select("/service").await;
    test.type_in("T60").await;
    assert!(test.screen.text().contains("moves 1 key in one transaction"), "{}", test.screen.text());
    test.press(&[KeyCode::Enter]).await;
    let (new, value) = test.lease_of("/service/10").unwrap();
    assert!(new != own && value == b"127.0.0.1", "{new}");
    assert_eq!(test.sandbox.leases().len(), 2, "the old one is revoked");
    test.wait(120.0).await;
    assert_eq!(test.lease_of("/service/10").map(|(id, _)| id), Some(new), "it is kept alive");
    assert!(test.screen.row("/service/10").contains(&"60".to_owned()), "{}", test.screen.text());
}

/// The leases and the keys are as before after any step failed.
#[tokio::test(start_paused = true)]
async fn a_failed_step_undoes_the_steps_before() {
    let refused = || Status::permission_denied("scripted");
    // The form queries nothing itself, and values are read only for the open detail.
    let steps: [(&str, Call, usize); 5] = [
        ("grant", Call::Grant, 0),
        ("move", Call::Txn, 0),
        ("revoke", Call::Revoke, 0),
        ("the reply to the grant", Call::Grant, 0),
        ("the reply to the move", Call::Txn, 0),
    ];
    for (number, (step, call, skip)) in steps.into_iter().enumerate() {
        let test = monitor().await;
        let own = test.own();
        test.select("/service").await;
        test.type_in("T60").await;
        match number {
            0..=2 => test.sandbox.faults().refuse(call, skip, refused()),
            _ => test.sandbox.faults().lose_reply(call, skip, Status::internal("scripted")),
        }
        test.press(&[KeyCode::Enter]).await;
        let text = test.screen.text();
        if step == "the reply to the move" {
            assert_ne!(test.lease_of("/service/10").map(|(id, _)| id), Some(own), "{step}: it is found out\n{text}");
            continue;
        }
        assert!(text.contains("not changed"), "{step}: {text}");
        assert_eq!(test.lease_of("/service/10"), Some((own, b"127.0.0.1".to_vec())), "{step}");
        test.wait(61.0).await;
        assert_eq!(test.sandbox.leases().len(), 2, "{step}: {:?}", test.sandbox.leases());
        assert_eq!(test.lease_of("/service/10").map(|(id, _)| id), Some(own), "{step}: it is still kept alive");
    }
}

/// etcd revokes the old lease, and the reply is lost: the change is complete.
#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_the_revoke_is_found_out() {
    let test = monitor().await;
    let own = test.own();
    test.select("/service").await;
    test.type_in("T60").await;
    test.sandbox.faults().lose_reply(Call::Revoke, 0, Status::internal("scripted"));
    test.press(&[KeyCode::Enter]).await;
    let (new, _) = test.lease_of("/service/10").unwrap();
    assert!(new != own && !test.sandbox.leases().contains(&own.0));
    assert!(test.screen.text().contains("TTL 60 s (was 10 s)"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_by_hand_moves_the_deadline_and_not_the_cadence() {
    let test = monitor().await;
    test.wait(30.0).await;
    let row = test.screen.row("/service/10");
    assert!(row.contains(&"3.50".to_owned()), "{row:?}");
    let own = test.own();
    let (before, deadline) = (test.sandbox.keep_alives(own), test.sandbox.deadline(own));
    test.select("/service").await;
    test.type_in("o").await;
    assert!(test.screen.text().contains("once: 10 s left (was "), "{}", test.screen.text());
    assert!(test.sandbox.keep_alives(own) > before && test.sandbox.deadline(own) > deadline);
    test.wait(10.0).await;
    let row = test.screen.row("/service/10");
    assert!(row.contains(&"3.50".to_owned()) && row.contains(&"ok".to_owned()), "{row:?}");
}
