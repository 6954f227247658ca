//! Keeps leases of 10 s alive and records every response: the client that `tests/measure faults` compares with Go's.
//!
//! `keep ENDPOINTS LEASES SECONDS FILE` writes a line per response, `LEASE MILLISECONDS` of the Unix time, and a line
//! `LEASE lost` for a lease whose keepalive ended.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, SystemTime};

use etcd_lease::{Client, Config};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const TTL: i64 = 10;
/// The grants are spread over one interval of the renewals, so that some lease is due whenever a fault begins.
const SPREAD: Duration = Duration::from_millis(3_500);

enum Record {
    Response(usize, SystemTime),
    Lost(usize, String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoints, leases, seconds, file] = &arguments[..] else {
        return Err("usage: keep ENDPOINTS LEASES SECONDS FILE".into());
    };
    let leases: u32 = leases.parse()?;
    let mut config = Config::new(endpoints.split(','));
    if let (Ok(name), Ok(password)) = (std::env::var("USER_NAME"), std::env::var("USER_PASSWORD")) {
        config = config.user(name, password);
    }
    let client = Client::connect(config).await?;
    let start = Instant::now();
    let (records, mut written) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for number in 0..leases {
        sleep_until(start + SPREAD * number / leases).await;
        tasks.spawn(keep(client.clone(), number as usize, records.clone()));
    }
    sleep_until(start + Duration::from_secs(seconds.parse()?)).await;
    tasks.shutdown().await;
    drop(records);
    let mut file = std::io::BufWriter::new(std::fs::File::create(file)?);
    while let Some(record) = written.recv().await {
        match record {
            Record::Response(lease, at) => {
                writeln!(file, "{lease} {}", at.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?;
            }
            Record::Lost(lease, why) => {
                eprintln!("lease {lease} lost: {why}");
                writeln!(file, "{lease} lost")?;
            }
        }
    }
    Ok(file.flush()?)
}

async fn keep(client: Client, number: usize, records: mpsc::UnboundedSender<Record>) {
    let mut lease = match client.grant(TTL).await {
        Ok(lease) => lease,
        Err(error) => {
            let _ = records.send(Record::Lost(number, error.to_string()));
            return;
        }
    };
    let ended = lease.ended();
    while lease.responses().next().await.is_some() {
        let _ = records.send(Record::Response(number, SystemTime::now()));
    }
    let _ = records.send(Record::Lost(number, ended.await.to_string()));
}
