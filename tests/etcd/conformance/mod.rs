//! etcd's own lease tests, told as black-box cases and played on the sandbox and on each real etcd.
//!
//! Each case is named after the test of etcd's that it retells (`tests/integration/clientv3/lease/lease_test.go`,
//! `tests/integration/v3_lease_test.go`, `tests/common/lease_test.go`).

mod arena;
mod leases;
mod link;
mod renewals;

use arena::Arena;

/// Makes one test a case and arena.
macro_rules! cases {
    ($($room:ident::$case:ident)*) => {
        mod sandbox {
            use super::Arena;
            $(
                #[tokio::test(start_paused = true)]
                async fn $case() {
                    super::$room::$case(&mut Arena::sandbox().await).await;
                }
            )*
        }
        cases!(@ etcd_3_4 V3_4 $($room::$case)*);
        cases!(@ etcd_3_5_1 V3_5_1 $($room::$case)*);
        cases!(@ etcd_3_5_new V3_5New $($room::$case)*);
    };
    (@ $module:ident $version:ident $($room:ident::$case:ident)*) => {
        mod $module {
            use super::Arena;
            use crate::common::etcd::Version;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$room::$case(&mut Arena::real(Version::$version).await).await;
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
}
