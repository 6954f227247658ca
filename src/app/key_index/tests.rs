use super::*;
use crate::inference::locks::ReadKey;

#[test]
fn keys_without_room_are_left_out_and_reported_once() {
    let mut key_index = LeaseKeyIndex { room: 2 * size(b"a"), ..LeaseKeyIndex::default() };
    key_index.start_by_lease(1);
    let attach = |index: &mut LeaseKeyIndex, key: &[u8]| index.attach(LeaseId(1), key, 5, Timestamp::START);
    assert!(attach(&mut key_index, b"a") && attach(&mut key_index, b"b") && !key_index.take_overflow());
    assert!(!attach(&mut key_index, b"c") && !attach(&mut key_index, b"b"));
    assert_eq!((key_index.take_overflow(), key_index.take_overflow()), (true, false));
    assert_eq!((key_index.count(LeaseId(1)), key_index.holder(b"c")), (2, None));
    key_index.detach(LeaseId(1), b"a", Timestamp::START);
    assert!(attach(&mut key_index, b"d") && !attach(&mut key_index, b"e"));
    assert_eq!((key_index.count(LeaseId(1)), key_index.take_overflow()), (2, false));
}

fn page(keys: &[(&[u8], i64)]) -> Vec<ReadKey> {
    let held = |(key, id): &(&[u8], i64)| ReadKey { key: (*key).into(), lease: Some(LeaseId(*id)), create_revision: 2 };
    keys.iter().map(held).collect()
}

#[test]
fn what_is_read_anew_takes_the_place_of_what_was_known_with_the_last_page() {
    let mut key_index = LeaseKeyIndex::default();
    key_index.start_reload();
    key_index.add_page(page(&[(b"b", 1), (b"\xff", -1), (b"a", 1)]));
    assert_eq!((key_index.is_read(), key_index.count(LeaseId(1))), (false, 0));
    key_index.finish_reload(1, Timestamp::START, Timestamp::START);
    assert_eq!(key_index.summary(LeaseId(1), true).names().collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!(key_index.all().next(), Some((LeaseId(-1), &b"\xff"[..], 2)));
    key_index.start_reload();
    key_index.add_page(page(&[(b"c", 2)]));
    assert_eq!(key_index.count(LeaseId(1)), 2, "the old ones stay meanwhile");
    let touched: Vec<i64> =
        key_index.finish_reload(1, Timestamp::START, Timestamp::START).into_iter().map(|id| id.0).collect();
    assert_eq!((touched, key_index.count(LeaseId(1))), (vec![-1, 1, 2], 0));
}

#[test]
fn keys_come_and_go_one_by_one() {
    let mut key_index = LeaseKeyIndex::default();
    assert!(
        key_index.attach(LeaseId(1), b"a", 5, Timestamp::START)
            && !key_index.attach(LeaseId(1), b"a", 5, Timestamp::START)
    );
    key_index.detach(LeaseId(1), b"unknown", Timestamp::START);
    assert_eq!(key_index.of(LeaseId(1)).collect::<Vec<_>>(), [(&b"a"[..], 5)]);
    key_index.detach(LeaseId(1), b"a", Timestamp::START);
    assert_eq!((key_index.count(LeaseId(1)), key_index.holders().count()), (0, 0));
}

#[test]
fn a_key_that_was_told_early_is_no_news_after_pages_that_are_older() {
    let mut key_index = LeaseKeyIndex::default();
    key_index.start_reload();
    assert!(
        key_index.attach(LeaseId(1), b"a", 0, Timestamp::START)
            && key_index.attach(LeaseId(1), b"b", 0, Timestamp::START)
    );
    key_index.add_page(page(&[(b"b", 1)]));
    key_index.finish_reload(1, Timestamp::START, Timestamp::START);
    assert!(key_index.confirm(LeaseId(1), b"a") && !key_index.confirm(LeaseId(1), b"b"));
    assert!(key_index.attach(LeaseId(1), b"a", 7, Timestamp::START), "the watch reports it with its revision");
    assert_eq!(key_index.of(LeaseId(1)).collect::<Vec<_>>(), [(&b"a"[..], 7), (&b"b"[..], 2)]);
    for key in [b"a", b"b"] {
        key_index.detach(LeaseId(1), key, Timestamp::START);
        assert!(
            !key_index.confirm(LeaseId(1), key) && key_index.attach(LeaseId(1), key, 9, Timestamp::START),
            "a second attach after a detach is reported"
        );
    }
}

#[test]
fn a_lease_of_many_keys_shows_the_first_of_them() {
    let mut key_index = LeaseKeyIndex::default();
    assert!((0..100_000_u32).all(|n| key_index.attach(LeaseId(7), &n.to_be_bytes(), 1, Timestamp::START)));
    let keys = key_index.summary(LeaseId(7), false);
    assert_eq!((keys.count, keys.first.len(), keys.is_all), (100_000, LeaseKeys::FIRST, false));
    for n in 0..100_000_u32 {
        key_index.detach(LeaseId(7), &n.to_be_bytes(), Timestamp::START);
    }
    assert_eq!(key_index.count(LeaseId(7)), 0);
}
