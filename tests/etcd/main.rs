//! What holds of any etcd. Tests on a real one stand in a module named after its version, `etcd_3_..`, by which
//! tests/run leaves out what cannot run.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/pty.rs"]
#[expect(dead_code, reason = "here the monitor is only looked at")]
mod pty;

/// Makes one test a case and version.
macro_rules! on_each_version {
    ($($(#[$note:meta])* $case:ident)*) => {
        on_each_version!(@ etcd_3_4 V3_4 $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_5_1 V3_5_1 $($(#[$note])* $case)*);
        on_each_version!(@ etcd_3_5_new V3_5New $($(#[$note])* $case)*);
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

mod commands;
mod conformance;
mod ctl;
mod engine;
mod guarded;
mod harness;
mod locks;
mod observed;
mod truth;
