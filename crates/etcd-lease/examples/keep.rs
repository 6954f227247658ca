//! Keeps leases alive and records every response: the client that `tests/measure faults` compares with Go's.
//!
//! `keep ENDPOINTS LEASES TTL SECONDS FILE` writes a line per response, `LEASE MILLISECONDS` of the Unix time, and a
//! line `LEASE lost MILLISECONDS` for a lease that was not granted or whose keepalive ended. `LEASE` is the number of
//! the lease, from 0. The environment variable `LOGIN` is a `user:password`.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a program that measures real time")]

use std::error::Error;
use std::io::Write;
use std::time::{Duration, SystemTime};

use etcd_lease::{Client, Config, RenewalSchedule};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

enum Record {
    Response(u32, SystemTime),
    Lost(u32, SystemTime, String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoints, leases, ttl, seconds, file] = &arguments[..] else {
        return Err("usage: keep ENDPOINTS LEASES TTL SECONDS FILE".into());
    };
    let (leases, ttl): (u32, i64) = (leases.parse()?, ttl.parse()?);
    let mut config = Config::new(endpoints.split(','));
    let login = std::env::var("LOGIN").unwrap_or_default();
    if let Some((name, password)) = login.split_once(':') {
        config = config.user(name, password);
    }
    // Spread over one interval of the renewals, so that some lease is due whenever a fault begins.
    let spread = RenewalSchedule::Clientv3.expected(Duration::from_secs(ttl.unsigned_abs()));
    let client = Client::connect(config).await?;
    let start = Instant::now();
    let (records, mut received) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for number in 0..leases {
        sleep_until(start + spread * number / leases).await;
        tasks.spawn(keep(client.clone(), ttl, number, records.clone()));
    }
    sleep_until(start + Duration::from_secs(seconds.parse()?)).await;
    tasks.shutdown().await;
    drop(records);
    let mut file = std::io::BufWriter::new(std::fs::File::create(file)?);
    while let Some(record) = received.recv().await {
        match record {
            Record::Response(lease, at) => {
                writeln!(file, "{lease} {}", at.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?;
            }
            Record::Lost(lease, at, why) => {
                eprintln!("lease {lease} lost: {why}");
                writeln!(file, "{lease} lost {}", at.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?;
            }
        }
    }
    Ok(file.flush()?)
}

async fn keep(client: Client, ttl: i64, number: u32, records: mpsc::UnboundedSender<Record>) {
    let mut lease = match client.grant(ttl).await {
        Ok(lease) => lease,
        Err(error) => {
            let _ = records.send(Record::Lost(number, SystemTime::now(), error.to_string()));
            return;
        }
    };
    let ended = lease.ended();
    while lease.responses().next().await.is_some() {
        let _ = records.send(Record::Response(number, SystemTime::now()));
    }
    let why = ended.await.to_string();
    let _ = records.send(Record::Lost(number, SystemTime::now(), why));
}
