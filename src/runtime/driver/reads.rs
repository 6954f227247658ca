//! Reading single keys, locks and values.

use futures_util::stream::{self, Stream, StreamExt};

use super::{EffectContext, MAX_IN_FLIGHT};
use crate::app::{KeyRead, KeyValues, LoadedKeys, Msg, ReadValue};
use crate::error_table::sentence;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{KeyRange, LeaseId};

impl EffectContext {
    /// Reads keys with their leases and create revisions.
    pub(super) fn read_keys(self, reads: Vec<KeyRead>) -> impl Stream<Item = Msg> + Send {
        let key_budget = self.key_budget;
        let read = move |read: KeyRead| {
            let cluster = self.cluster.clone();
            async move {
                let found = match &read {
                    KeyRead::Key(key) => cluster.read_key(key).await,
                    KeyRead::Lock(name) => {
                        let keys = KeyRange::prefix(&[name, &b"/"[..]].concat());
                        cluster.read_keys(&keys, read.most_bytes(key_budget)).await
                    }
                };
                match found {
                    Ok(found) => Msg::KeysLoaded(LoadedKeys {
                        read,
                        entries: found.entries,
                        revision: found.revision,
                        bytes: found.received,
                    }),
                    Err(error) if error.kind() == ErrorKind::Forbidden => Msg::KeysDenied(read),
                    Err(_) => Msg::KeysNotLoaded(read),
                }
            }
        };
        stream::iter(reads).map(read).buffer_unordered(MAX_IN_FLIGHT)
    }

    pub(super) async fn read_values(self, id: LeaseId, keys: Vec<Vec<u8>>) -> Msg {
        Msg::Values { id, pairs: self.read_each(keys).await }
    }

    /// Reads the values of a few keys concurrently.
    pub(super) async fn read_each(&self, keys: Vec<Vec<u8>>) -> KeyValues {
        let read = |key: Vec<u8>| {
            let cluster = self.cluster.clone();
            async move {
                let value = match cluster.get(&key).await {
                    Ok(Some(pair)) => ReadValue::of(pair.value),
                    Ok(None) => ReadValue::Absent,
                    Err(error) if error.kind() == ErrorKind::Forbidden => ReadValue::Forbidden,
                    Err(error) => ReadValue::Failed(sentence(&error)),
                };
                (key, value)
            }
        };
        stream::iter(keys).map(read).buffered(MAX_IN_FLIGHT).collect().await
    }
}
