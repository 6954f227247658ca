//! etcd's own tests of leases, watches and transactions as black-box cases, run on the sandbox and on each real etcd.
//!
//! Each case is named after the etcd test it follows (`tests/integration/clientv3/lease/lease_test.go`,
//! `tests/integration/v3_lease_test.go`, `tests/common/lease_test.go`, and the ones named in the files here).

mod keyspace;
mod leases;
mod link;
mod renewals;
mod test_case;
mod transactions;
mod watches;

use test_case::ConformanceTest;

/// Makes one test per case and server.
macro_rules! cases {
    ($($room:ident::$case:ident)*) => {
        mod sandbox {
            use super::ConformanceTest;
            $(
                #[tokio::test(start_paused = true)]
                async fn $case() {
                    super::$room::$case(&mut ConformanceTest::sandbox().await).await;
                }
            )*
        }
        cases!(@ etcd_3_4 V3_4 $($room::$case)*);
        cases!(@ etcd_3_5_1 V3_5_1 $($room::$case)*);
        cases!(@ etcd_3_5_new V3_5New $($room::$case)*);
        cases!(@ etcd_3_6 V3_6 $($room::$case)*);
        cases!(@ etcd_3_7 V3_7 $($room::$case)*);
    };
    (@ $module:ident $version:ident $($room:ident::$case:ident)*) => {
        mod $module {
            use super::ConformanceTest;
            use crate::common::etcd::Version;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$room::$case(&mut ConformanceTest::real(Version::$version).await).await;
                }
            )*
        }
    };
}

cases! {
    leases::lease_grant
    leases::lease_revoke
    leases::lease_time_to_live
    leases::lease_time_to_live_lease_not_found
    leases::lease_leases
    leases::v3_lease_expire
    leases::v3_lease_grant_by_id
    leases::v3_lease_negative_id
    leases::v3_lease_switch
    leases::lease_grant_time_to_live_expired
    renewals::lease_keep_alive_once
    renewals::lease_keep_alive
    renewals::lease_keep_alive_seconds
    renewals::lease_keep_alive_not_found
    renewals::lease_keep_alive_full_response_queue
    renewals::lease_keep_alive_close_after_disconnect_revoke
    renewals::lease_keep_alive_init_timeout
    renewals::lease_keep_alive_ttl_timeout
    renewals::lease_keep_alive_loop_exit
    watches::v3_watch_from_current_revision
    watches::v3_watch_multiple_watchers
    watches::v3_watch_cancel
    watches::v3_watch_future_revision
    watches::watch_of_a_revoked_lease
    watches::watch_of_a_key_that_moves
    watches::v3_watch_with_filter
    watches::watch_request_progress
    watches::watch_compact_revision
    watches::v3_watch_wrong_range
    keyspace::keys_are_read_page_by_page
    keyspace::large_values_are_read
    keyspace::a_key_is_read_without_its_value
    keyspace::a_compacted_page_is_reported
    keyspace::changes_include_the_previous_lease
    keyspace::a_watch_reports_progress
    keyspace::a_watch_from_a_compacted_revision_is_reported
    keyspace::a_cut_watch_continues_from_its_revision
    transactions::txn_joins_a_queue
    transactions::keys_are_created_only_if_absent
    transactions::keys_move_only_if_unchanged
    transactions::v3_txn_revision
    transactions::v3_txn_duplicate_keys
    transactions::v3_large_requests
    transactions::v3_txn_too_many_ops
    transactions::txn_with_an_unknown_lease
    transactions::txn_compares
    transactions::v3_compact_current_rev
}
