//! A week in virtual time: memory and file descriptors do not grow.

use std::fs;

use super::*;
use crate::runtime::headless::HeadlessRun;

/// How long until everything that is limited has reached its limit, in hours.
const WARM_UP: u64 = 12;

/// What this process uses.
#[derive(Clone, Copy, Debug)]
struct Usage {
    hour: u64,
    resident_mb: f64,
    descriptors: usize,
}

impl Usage {
    fn at(hour: u64) -> Usage {
        let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        let kilobytes: f64 = resident.and_then(|number| number.parse().ok()).expect("kB");
        let descriptors = fs::read_dir("/proc/self/fd").expect("Linux lists them").count();
        Usage { hour, resident_mb: kilobytes / 1024.0, descriptors }
    }
}

/// How often the sandbox forgets old revisions, in iterations of [`churn`]: an hour. It is in this process, and would keep
/// more of them for four days.
const COMPACTION: u64 = 360;

/// Another client: every 10 s a lease with a new key that runs out, and one whose key moves to the next lease.
async fn churn(sandbox: Sandbox, clock: Clock) {
    let mut moved = None;
    for number in 0_u64.. {
        let dies = sandbox.grant(30).expect("a lease");
        sandbox.put(format!("/job/{number}"), "v", Some(dies)).expect("a key");
        let next = sandbox.grant(300).expect("a lease");
        sandbox.put("/moved/key", "v", Some(next)).expect("a key");
        if let Some(last) = moved.replace(next) {
            sandbox.revoke(LeaseId(last)).expect("it is there");
        }
        if number % COMPACTION == 0 {
            sandbox.compact(sandbox.revision()).expect("a revision of the present");
        }
        clock.sleep(Duration::from_secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "run by tests/measure week"]
async fn a_week_of_a_thousand_leases() {
    let hours = std::env::var("LEASETOP_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(168);
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(7).start(clock.clone());
    let _churn = spawn(churn(sandbox.clone(), clock.clone()));
    let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
    let grants = requests_for(&[60], 1_000, &[KeyTemplate::parse("/service/{id}=v").unwrap()]).unwrap();
    // Polls of the own leases add nothing that renewals do not.
    let config = AppConfig { grants, budget: 5, ..AppConfig::default() };
    let run =
        HeadlessRun::start(HeadlessOptions { cluster, clock: clock.clone(), config, outputs: Outputs::default() });
    let mut samples: Vec<Usage> = Vec::new();
    let last = run
        .run(futures_util::stream::pending::<ExternalEvent>(), |session, _, _| {
            let hour = session.clock.now().since_start().as_secs() / 3_600;
            if samples.last().is_none_or(|last| hour >= last.hour + WARM_UP / 2) {
                samples.push(Usage::at(hour));
                print(samples[samples.len() - 1]);
            }
            hour < hours
        })
        .await;
    assert_eq!(last.app.leases.counts.own, 1_000, "none was lost");
    let warm = samples.iter().find(|usage| usage.hour >= WARM_UP).expect("more than the first hours");
    let end = samples.last().expect("at least the first");
    assert!(end.resident_mb < warm.resident_mb * 1.05 + 1.0, "{warm:?} {end:?}");
    assert_eq!(end.descriptors, warm.descriptors);
}

#[expect(clippy::print_stdout, reason = "figures go there")]
fn print(Usage { hour, resident_mb, descriptors }: Usage) {
    println!("hour {hour}: {resident_mb:.1} MB, {descriptors} descriptors");
    println!("week_resident_mb {resident_mb:.2}");
    println!("week_descriptors {descriptors}");
}
