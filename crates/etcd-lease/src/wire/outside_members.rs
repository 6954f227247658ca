//! Connections to members that are no endpoints. They are made when a status is first read, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::auth_channel::AuthToken;
use super::config::{Address, Settings, Target};
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::member::{Member, READ_STATUS};
use super::tls;

/// Maximum number of connections. A member list that lies can name other addresses each time.
const MAX_MEMBERS: usize = 64;

pub(super) struct OutsideMembers {
    settings: Settings,
    /// By client URL.
    members: Mutex<BTreeMap<String, Member>>,
}

impl OutsideMembers {
    pub(super) fn new(settings: Settings) -> Self {
        OutsideMembers { settings, members: Mutex::default() }
    }

    /// The connection to a client URL. TLS files and the login are those of the endpoints.
    pub(super) async fn connection(&self, url: &str, token: &Arc<AuthToken>) -> Result<Member, CallError> {
        let known = self.members.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let address = Address::parse(url)
            .map_err(|error| CallError::new(ErrorCause::Other, READ_STATUS, url, error.to_string()))?;
        let target = Target::Address(address);
        let tls = tls::config_for(&target, &self.settings)?;
        let member = Member::new(&target, &self.settings, tls.as_ref(), token).await?;
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if members.len() >= MAX_MEMBERS {
            members.pop_first();
        }
        members.insert(url.to_owned(), member.clone());
        Ok(member)
    }
}
