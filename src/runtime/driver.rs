//! Calls to the cluster and the engine. Each is answered by a [`Msg`].

mod backup;
mod backup_budget;
mod change_ttl;
mod members;
mod reads;

use std::sync::{Arc, OnceLock};

use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;

use futures_util::stream::{self, BoxStream, SelectAll, Stream, StreamExt};

use super::call_failure::call_failure;
use super::observations;
use super::response_reader::ResponseReader;
use crate::app::{AppConfig, CallFailure, ChangeTtlRequest, GrantRequest, KeyRead, Msg, RestoreRequest};
use crate::observe::{KeyScope, Observer};
use etcd_lease::engine::{self, Engine};
use etcd_lease::wire::{self, Cluster, ErrorKind};
use etcd_lease::{Fault, Granted, LeaseId, ListedMember, RenewalSchedule, TimeToLive};
use simkit::Clock;

/// Maximum number of concurrent calls per effect.
const MAX_IN_FLIGHT: usize = 64;

/// Runs calls to the cluster. Each call is a stream of messages. [`next`](Driver::next) merges all of them with the
/// observations.
pub(super) struct Driver {
    context: EffectContext,
    observer: Observer,
    running: SelectAll<BoxStream<'static, Msg>>,
}

/// Everything that a call needs. Cheap to clone.
#[derive(Clone)]
struct EffectContext {
    cluster: Cluster,
    engine: Engine,
    clock: Clock,
    reader: ResponseReader,
    permits: Arc<Semaphore>,
    budget: backup_budget::BackupBudget,
    /// Maximum number of bytes received for keys per minute.
    key_budget: u64,
    /// For calls with several messages, which arrive in order.
    messages: mpsc::UnboundedSender<Msg>,
}

impl Driver {
    /// Starts observing all leases and the keys.
    pub(super) fn new(
        cluster: Cluster,
        engine: Engine,
        clock: Clock,
        reader: ResponseReader,
        config: &AppConfig,
    ) -> Self {
        let observer = Observer::start(cluster.clone(), clock.clone(), key_scope(config));
        let permits = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        let budget = backup_budget::BackupBudget::default();
        let (messages, received) = mpsc::unbounded_channel();
        let mut running = SelectAll::new();
        running.push(UnboundedReceiverStream::new(received).boxed());
        Driver {
            context: EffectContext {
                cluster,
                engine,
                clock,
                reader,
                permits,
                budget,
                key_budget: config.key_budget,
                messages,
            },
            observer,
            running,
        }
    }

    pub(super) fn start_keep_alive(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.context.reader.start_keep_alive(id, pace);
    }

    pub(super) fn stop_keep_alive(&self, id: LeaseId) {
        self.context.reader.stop_keep_alive(id);
    }

    /// Sets or clears a fault. The response reader simulates some faults and the engine the others, so both are
    /// updated.
    pub(super) fn set_fault(&self, id: LeaseId, fault: Option<Fault>) {
        self.context.reader.drill(id, fault.filter(|fault| fault.is_reader_fault()));
        self.context.engine.set_fault(id, fault);
    }

    pub(super) fn renew_now(&self, id: LeaseId) {
        self.context.engine.renew_now(id);
    }

    pub(super) fn renew_once(&mut self, id: LeaseId) {
        let context = self.context.clone();
        self.run(context.renew_once(id));
    }

    pub(super) fn revoke(&mut self, id: LeaseId) {
        let context = self.context.clone();
        self.run(context.revoke(id));
    }

    pub(super) fn measure_undo(&mut self, ids: Vec<LeaseId>) {
        let context = self.context.clone();
        self.run(stream::once(context.measure_undo(ids)));
    }

    pub(super) fn restore(&mut self, requests: Vec<RestoreRequest>) {
        let context = self.context.clone();
        self.run_silently(context.restore_all(requests));
    }

    pub(super) fn change_ttl(&mut self, request: ChangeTtlRequest) {
        let context = self.context.clone();
        self.run_silently(context.change_ttl(request));
    }

    /// Replaces the observer, which reads all leases and keys again. Observations that wait to be read are dropped.
    pub(super) fn restart_observer(&mut self, config: &AppConfig) {
        let (cluster, clock) = (self.context.cluster.clone(), self.context.clock.clone());
        self.observer = Observer::start(cluster, clock, key_scope(config));
    }

    pub(super) fn list_now(&self) {
        self.observer.list_now();
    }

    pub(super) fn read_values(&mut self, id: LeaseId, keys: Vec<Vec<u8>>) {
        let context = self.context.clone();
        self.run(stream::once(context.read_values(id, keys)));
    }

    pub(super) fn read_lock_values(&mut self, keys: Vec<Vec<u8>>) {
        let context = self.context.clone();
        self.run(stream::once(async move {
            let pairs = context.read_each(keys).await;
            let bytes = pairs.iter().map(|(key, value)| (key.len() + value.length()) as u64).sum();
            Msg::LockValues { pairs, bytes }
        }));
    }

    pub(super) fn read_members(&mut self, known: Vec<ListedMember>, has_outside: bool) {
        let context = self.context.clone();
        self.run(stream::once(context.read_members(known, has_outside)));
    }

    pub(super) fn read_server_counters(&mut self) {
        let cluster = self.context.cluster.clone();
        let read = async move { cluster.lease_counters().await.map_err(|error| call_failure(&error)) };
        self.run(stream::once(async move { Msg::ServerCounters(read.await) }));
    }

    pub(super) fn probe_members(&mut self, listed: Vec<ListedMember>) {
        let cluster = self.context.cluster.clone();
        self.run(stream::once(async move { Msg::MembersProbed(cluster.probe_members(&listed).await) }));
    }

    pub(super) fn poll(&mut self, ids: Vec<LeaseId>) {
        let context = self.context.clone();
        self.run(context.poll(ids));
    }

    pub(super) fn poll_with_keys(&mut self, id: LeaseId) {
        let context = self.context.clone();
        self.run(stream::once(context.poll_with_keys(id)));
    }

    pub(super) fn read_keys(&mut self, reads: Vec<KeyRead>) {
        let context = self.context.clone();
        self.run(context.read_keys(reads));
    }

    pub(super) fn grant(&mut self, request: GrantRequest) {
        let context = self.context.clone();
        self.run_silently(context.grant(request));
    }

    pub(super) fn attach(&mut self, id: LeaseId, key: Vec<u8>, value: Vec<u8>) {
        let context = self.context.clone();
        self.run(stream::once(async move { context.attach(id, key, &value).await }));
    }

    /// Stops observing. The engine and its reader continue.
    pub(super) fn into_engine(self) -> (Engine, ResponseReader) {
        (self.context.engine, self.context.reader)
    }

    /// Runs a call that sends its messages with [`EffectContext::send`] instead of returning them.
    fn run_silently(&mut self, call: impl Future<Output = ()> + Send + 'static) {
        self.run(stream::once(call).filter_map(|()| std::future::ready(None)));
    }

    fn run(&mut self, messages: impl Stream<Item = Msg> + Send + 'static) {
        self.running.push(messages.boxed());
    }

    /// The next reply or observation.
    pub(super) async fn next(&mut self) -> Msg {
        tokio::select! {
            // In this order: a reply to our own grant comes before what the watch reports of its keys.
            biased;
            Some(msg) = self.running.next() => msg,
            observation = self.observer.next() => observations::message(observation),
        }
    }
}

fn key_scope(config: &AppConfig) -> KeyScope {
    KeyScope { range: config.range.clone(), bytes_per_minute: config.key_budget }
}

impl EffectContext {
    /// Sends a message. The receiver lives as long as the driver that runs the call.
    fn send(&self, msg: Msg) {
        let _ = self.messages.send(msg);
    }

    /// Renews a lease once, after a query of its time to live. Without the query, the renewal would hide another
    /// client's renewal since the last poll.
    fn renew_once(self, id: LeaseId) -> impl Stream<Item = Msg> + Send {
        let context = self.clone();
        let poll = async move {
            let _permit = context.permits.acquire().await;
            context.query(id, false).await.ok()
        };
        stream::once(poll).filter_map(std::future::ready).chain(stream::once(self.renew(id)))
    }

    async fn renew(self, id: LeaseId) -> Msg {
        // Limits the number of concurrent renewals.
        let _permit = self.permits.acquire().await;
        let sent = self.clock.now();
        match self.engine.keep_alive_once(id).await {
            Ok(answer) => Msg::Renewed { sent, received: answer.at, id, ttl: answer.ttl },
            Err(error @ engine::RenewError::NotFound(_)) => {
                let (is_not_found, is_forbidden, is_unauthenticated) = (true, false, false);
                let failure = CallFailure { is_not_found, is_forbidden, is_unauthenticated, text: error.to_string() };
                Msg::RenewFailed { id, failure }
            }
            Err(engine::RenewError::Wire(error)) => Msg::RenewFailed { id, failure: call_failure(&error) },
        }
    }

    fn poll(self, ids: Vec<LeaseId>) -> impl Stream<Item = Msg> + Send {
        let query = move |id| {
            let context = self.clone();
            async move { context.query(id, false).await.unwrap_or_else(|error| poll_failed(id, &error)) }
        };
        stream::iter(ids).map(query).buffer_unordered(MAX_IN_FLIGHT)
    }

    /// Queries the time to live with the keys, or without them if the user may not read them.
    async fn poll_with_keys(self, id: LeaseId) -> Msg {
        match self.query(id, true).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => self.query(id, false).await,
            answer => answer,
        }
        .unwrap_or_else(|error| poll_failed(id, &error))
    }

    async fn query(&self, id: LeaseId, with_keys: bool) -> Result<Msg, wire::CallError> {
        let sent = self.clock.now();
        let answer: TimeToLive = self.cluster.time_to_live(id, with_keys).await?;
        Ok(Msg::Polled { sent, received: self.clock.now(), answer, has_keys: with_keys })
    }

    /// Grants leases concurrently. No grant is started after the first failure. Those in flight are awaited, because etcd
    /// may carry them out. The first failure is the last message, because it ends the request.
    async fn grant(self, request: GrantRequest) {
        let first_failure = OnceLock::new();
        let grant = |number| self.grant_one(&request, number, &first_failure);
        let attach = |(lease, number)| self.attach_all(&request, lease, number);
        let granted = stream::iter(request.numbers()).map(grant).buffer_unordered(MAX_IN_FLIGHT);
        granted.filter_map(std::future::ready).for_each_concurrent(None, attach).await;
        if let Some(failure) = first_failure.into_inner() {
            self.send(Msg::GrantFailed { job: request.job, ttl: request.ttl, failure });
        }
    }

    /// Grants lease `number` of the request and, if requested, keeps it alive. `Granted` is sent before the keys are put,
    /// because the watch reports those at once. Returns the lease with its number; `None` after a failure of any lease of
    /// the request.
    async fn grant_one(
        &self,
        request: &GrantRequest,
        number: u32,
        first_failure: &OnceLock<CallFailure>,
    ) -> Option<(Granted, u32)> {
        if first_failure.get().is_some() {
            return None;
        }
        let sent = self.clock.now();
        let answer = match self.cluster.grant(request.id, request.ttl).await {
            Ok(answer) => answer,
            Err(error) => {
                // `set` refuses all but the first.
                let _ = first_failure.set(call_failure(&error));
                return None;
            }
        };
        let received = self.clock.now();
        if request.keep_alive {
            self.reader.keep_granted(answer, sent, request.pace);
        }
        self.send(Msg::Granted { sent, received, answer, keep_alive: request.keep_alive, job: request.job });
        Some((answer, number))
    }

    /// Puts the keys of a lease of the request in sequence.
    async fn attach_all(&self, request: &GrantRequest, lease: Granted, number: u32) {
        for template in &request.templates {
            let (key, value) = template.expand(number, request.ttl, lease.id);
            let attached = self.attach(lease.id, key, &value).await;
            self.send(attached);
        }
    }

    async fn attach(&self, id: LeaseId, key: Vec<u8>, value: &[u8]) -> Msg {
        let _permit = self.permits.acquire().await;
        // The future of a put takes 27 kB, and thousands of leases may wait for a permit.
        match Box::pin(self.cluster.put(&key, value, Some(id))).await {
            Ok(header) => Msg::Attached { id, key, revision: header.revision },
            Err(error) => Msg::AttachFailed { id, key, failure: call_failure(&error) },
        }
    }
}

fn poll_failed(id: LeaseId, error: &wire::CallError) -> Msg {
    Msg::PollFailed { id, failure: call_failure(error) }
}
