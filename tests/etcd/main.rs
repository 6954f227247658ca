//! Tests against real etcds. Each is in a module named after its etcd, `etcd_3_...`, which tests/run uses to skip the
//! versions that are missing.
//!
//! A test runs on each version if the version may change the result, and on the newest 3.5 and the newest etcd alone if it
//! is about leasetop and the versions behave alike.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/pty.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod pty;

/// Makes one test per case and version.
macro_rules! on_each_version {
    ($($(#[$note:meta])* $case:ident)*) => {
        on_each_version!(@ etcd_3_4 V3_4 $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_5_1 V3_5_1 $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_5_new V3_5New $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_6 V3_6 $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_7 V3_7 $($(#[$note])* $case)*);
    };
    (@ $module:ident $version:ident $($(#[$note:meta])* $case:ident)*) => {
        mod $module {
            use $crate::common::etcd::Version;
            $(
                $(#[$note])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(Version::$version).await;
                }
            )*
        }
    };
}

/// Makes one test per case, on the newest 3.5 and the newest etcd.
macro_rules! on_the_newest_versions {
    ($($case:ident)*) => {
        on_each_version!(@ etcd_3_5_newest V3_5New $($case)*);
        on_each_version!(@ etcd_3_7_newest V3_7 $($case)*);
    };
}

mod commands;
mod conformance;
mod credentials;
mod ctl;
mod engine;
mod guarded;
mod harness;
mod incidents;
mod locks;
mod members;
mod observed;
mod recipes;
mod restored;
mod run;
mod same;
mod truth;
mod verbs;
