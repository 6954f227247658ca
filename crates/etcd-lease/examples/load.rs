//! Keeps many leases alive: the client that `tests/measure peers` compares with Go's.
//!
//! `load ENDPOINT LEASES TTL` grants leases, keeps them alive until a line arrives on stdin, and revokes them. It prints a
//! line after each step:
//!
//! - `granted SECONDS`
//! - `kept RENEWALS LOST LEAST`: the least time left of any lease until then, as a share of the TTL
//! - `revoked SECONDS`
//!
//! `load ENDPOINT LEASES TTL bare` grants and revokes with etcd-client, and renews nothing.

#![expect(clippy::print_stdout, reason = "its output")]

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use etcd_client::LeaseGrantOptions;
use etcd_lease::{Client, Config, Delivery, LeaseGroup, LeaseId, Timestamp};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, stream};
use simkit::Stopwatch;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

/// Grants and revocations in flight at once.
const IN_FLIGHT: usize = 64;
/// How long a call may take, because etcd's disk may be busy. Go's client has no limit.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The id of the first lease; the others follow.
const FIRST: i64 = 1_000_000_000;

type Input = Lines<BufReader<Stdin>>;
type Fallible<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (endpoint, leases, ttl, is_bare) = match &arguments[..] {
        [endpoint, leases, ttl] => (endpoint, leases, ttl, false),
        [endpoint, leases, ttl, bare] if bare == "bare" => (endpoint, leases, ttl, true),
        _ => return Err("usage: load ENDPOINT LEASES TTL [bare]".into()),
    };
    let (leases, ttl): (i64, i64) = (leases.parse()?, ttl.parse()?);
    let ids = (FIRST..FIRST + leases).map(LeaseId);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    if is_bare { bare(endpoint, ids, ttl, &mut lines).await } else { keep(endpoint, ids, ttl, &mut lines).await }?;
    lines.next_line().await?;
    Ok(())
}

async fn keep(endpoint: &str, ids: impl Iterator<Item = LeaseId> + Clone, ttl: i64, lines: &mut Input) -> Fallible<()> {
    let client = &Client::connect(Config::new([endpoint]).call_timeout(CALL_TIMEOUT)).await?;
    let mut seen =
        Seen { group: client.lease_group(), lost: 0, renewals: 0, last: Vec::new(), longest: Duration::ZERO };
    seen.last.resize(ids.clone().count(), Timestamp::START);
    let watch = Stopwatch::start();
    seen.grant(client, ids.clone(), ttl).await?;
    println!("granted {:.3}", watch.elapsed().as_secs_f64());
    seen.keep_until_line(lines).await?;
    // The time since the last renewal of each lease counts too, so that one that is never renewed shows.
    let now = client.clock().now();
    let oldest = seen.last.iter().map(|last| now.since(*last)).max().unwrap_or_default();
    let Seen { group, lost, renewals, longest, .. } = seen;
    let longest = longest.max(oldest);
    println!("kept {renewals} {lost} {:.3}", 1.0 - longest.as_secs_f64() / ttl as f64);
    let watch = Stopwatch::start();
    drop(group);
    let revoke = |id| async move {
        // A lease that was lost is gone.
        client
            .revoke(id)
            .await
            .or_else(|error| if matches!(error, etcd_lease::Error::NotFound(_)) { Ok(()) } else { Err(error) })
    };
    together(ids, revoke).await?;
    println!("revoked {:.3}", watch.elapsed().as_secs_f64());
    Ok(())
}

/// The leases, and what is known about their renewals.
struct Seen {
    group: LeaseGroup,
    renewals: u64,
    lost: u64,
    /// When each lease was granted or renewed last.
    last: Vec<Timestamp>,
    /// The longest time from a grant or renewal of a lease to its next renewal.
    longest: Duration,
}

impl Seen {
    /// Grants the leases, and reads responses meanwhile.
    async fn grant(&mut self, client: &Client, mut ids: impl Iterator<Item = LeaseId>, ttl: i64) -> Fallible<()> {
        let mut grants = FuturesUnordered::new();
        loop {
            while grants.len() < IN_FLIGHT
                && let Some(id) = ids.next()
            {
                let (grant, sent) = (self.group.grant_with_id(id, ttl), client.clock().now());
                grants.push(async move { grant.await.map(|id| (id, sent)) });
            }
            tokio::select! {
                granted = grants.next() => match granted.transpose()? {
                    Some((id, sent)) => self.last[index(id)] = sent.max(self.last[index(id)]),
                    None => return Ok(()),
                },
                Some(delivery) = self.group.next() => self.note(&delivery),
            }
        }
    }

    async fn keep_until_line(&mut self, lines: &mut Input) -> Fallible<()> {
        loop {
            tokio::select! {
                biased;
                Some(delivery) = self.group.next() => self.note(&delivery),
                line = lines.next_line() => return Ok(line.map(drop)?),
            }
        }
    }

    fn note(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Response(response) => {
                let last = std::mem::replace(&mut self.last[index(response.id)], response.at);
                if last > Timestamp::START {
                    self.longest = self.longest.max(response.at.since(last));
                }
                self.renewals += 1;
            }
            Delivery::Ended(..) => self.lost += 1,
        }
    }
}

fn index(id: LeaseId) -> usize {
    usize::try_from(id.0 - FIRST).unwrap_or_default()
}

/// Grants and revokes leases with etcd-client alone, and renews none.
async fn bare(endpoint: &str, ids: impl Iterator<Item = LeaseId> + Clone, ttl: i64, lines: &mut Input) -> Fallible<()> {
    let client = etcd_client::Client::connect([endpoint], None).await?;
    let client = &client;
    let watch = Stopwatch::start();
    let grant = |id: LeaseId| async move {
        client.lease_client().grant(ttl, Some(LeaseGrantOptions::new().with_id(id.0))).await
    };
    together(ids.clone(), grant).await?;
    println!("granted {:.3}", watch.elapsed().as_secs_f64());
    lines.next_line().await?;
    println!("kept 0 0 0");
    let watch = Stopwatch::start();
    together(ids, |id| async move { client.lease_client().revoke(id.0).await }).await?;
    println!("revoked {:.3}", watch.elapsed().as_secs_f64());
    Ok(())
}

/// Makes a call for each lease, at most [`IN_FLIGHT`] at once. Stops at the first error.
async fn together<F, T, E>(ids: impl Iterator<Item = LeaseId>, call: impl Fn(LeaseId) -> F) -> Result<(), E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut calls = stream::iter(ids).map(call).buffer_unordered(IN_FLIGHT);
    while let Some(result) = calls.next().await {
        result?;
    }
    Ok(())
}
