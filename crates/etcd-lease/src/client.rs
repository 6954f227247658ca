//! The entry point of the crate.

use crate::engine::{Engine, Response};
use crate::lease_calls::{grant, revoke};
use crate::wire::Cluster;
use crate::{Clock, Config, Error, Lease, LeaseGroup, LeaseId, TimeToLive, TtlStatus};

/// A connection to an etcd cluster that keeps leases alive.
///
/// A clone is cheap and shares everything. The client runs as long as a clone or a [`Lease`] exists.
#[derive(Clone, Debug)]
pub struct Client {
    cluster: Cluster,
    engine: Engine,
    clock: Clock,
}

impl Client {
    /// Prepares the connections. Must be called within a tokio runtime. Does not wait for etcd: if etcd is unreachable,
    /// the first call fails.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`], [`Error::BadEndpoint`], and [`Error::Tls`] for files that cannot be used.
    pub async fn connect(config: Config) -> Result<Client, Error> {
        let (settings, options, clock) = config.into_parts()?;
        let cluster = Cluster::connect(settings).await.map_err(|error| Error::of_call(&error))?;
        let engine = Engine::start(cluster.clone(), clock.clone(), options);
        Ok(Client { cluster, engine, clock })
    }

    /// Grants a lease and keeps it alive until the [`Lease`] is dropped. `ttl` is in seconds; etcd raises it to its
    /// minimum, 2 s by default, see [`Lease::ttl`].
    ///
    /// # Errors
    /// [`Error::InvalidTtl`] unless `ttl` is from 1 to [`MAX_TTL`](crate::MAX_TTL); any error of the call.
    pub async fn grant(&self, ttl: i64) -> Result<Lease, Error> {
        self.grant_and_keep(None, ttl).await
    }

    /// Grants a lease with a given id and keeps it alive, as [`Client::grant`] does. For id 0, etcd chooses one.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if a lease has this id; those of [`Client::grant`].
    pub async fn grant_with_id(&self, id: LeaseId, ttl: i64) -> Result<Lease, Error> {
        self.grant_and_keep(Some(id), ttl).await
    }

    /// Keeps an existing lease alive until the [`Lease`] is dropped. Several [`Lease`]s with one id share the renewals.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease does not exist or has expired; any error of the call.
    pub async fn keep_alive(&self, id: LeaseId) -> Result<Lease, Error> {
        let sent = self.clock.now();
        let reply = self.time_to_live(id).await?;
        match reply.ttl_status() {
            TtlStatus::Missing | TtlStatus::Dying => Err(Error::NotFound(id)),
            TtlStatus::Alive | TtlStatus::AtDeadline | TtlStatus::Invalid => {
                let ttl = reply.granted_ttl;
                Ok(Lease::new(self.cluster.clone(), self.engine.keep_read(reply, sent), ttl))
            }
        }
    }

    /// A group of leases with one reader, for thousands of leases.
    pub fn lease_group(&self) -> LeaseGroup {
        LeaseGroup::new(self.cluster.clone(), self.clock.clone(), self.engine.consumer())
    }

    /// Renews a lease once.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease does not exist; any error of the call.
    pub async fn renew_once(&self, id: LeaseId) -> Result<Response, Error> {
        self.engine.keep_alive_once(id).await.map_err(|error| Error::of_renewal(id, &error))
    }

    /// Revokes a lease. Its keys are deleted.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease does not exist, perhaps because this call revoked it and its reply was lost; any error
    /// of the call.
    pub async fn revoke(&self, id: LeaseId) -> Result<(), Error> {
        revoke(&self.cluster, id).await
    }

    /// Reads the time left of a lease and its keys. An unknown lease is not an error: see [`TimeToLive::ttl_status`].
    ///
    /// # Errors
    /// [`Error::PermissionDenied`] if the user may not read one of the keys; any error of the call.
    pub async fn time_to_live_with_keys(&self, id: LeaseId) -> Result<TimeToLive, Error> {
        self.cluster.time_to_live(id, true).await.map_err(|error| Error::of_lease(id, &error))
    }

    /// Reads the time left of a lease. An unknown lease is not an error: see [`TimeToLive::ttl_status`].
    ///
    /// # Errors
    /// Any error of the call.
    pub async fn time_to_live(&self, id: LeaseId) -> Result<TimeToLive, Error> {
        self.cluster.time_to_live(id, false).await.map_err(|error| Error::of_lease(id, &error))
    }

    /// Lists the ids of all leases. The leader sorts them by time left. etcd takes seconds for a million leases: see
    /// [`Config::call_timeout`].
    ///
    /// # Errors
    /// [`Error::PermissionDenied`] unless the user may read every attached key; any error of the call.
    pub async fn leases(&self) -> Result<Vec<LeaseId>, Error> {
        let list = self.cluster.leases().await.map_err(|error| Error::of_call(&error))?;
        Ok(list.ids)
    }

    /// The clock of the timestamps in responses.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Stops all keepalives: each ends with [`Ended::Closed`](crate::Ended::Closed). No lease is revoked.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    async fn grant_and_keep(&self, id: Option<LeaseId>, ttl: i64) -> Result<Lease, Error> {
        let (granted, sent) = grant(&self.cluster, &self.clock, id, ttl).await?;
        let keep_alive = self.engine.keep_granted(&granted, sent);
        Ok(Lease::new(self.cluster.clone(), keep_alive, granted.ttl))
    }
}
