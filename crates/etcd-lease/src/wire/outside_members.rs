//! Connections to members that are no endpoints. They are made when a status is first read, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::auth_channel::AuthToken;
use super::config::{Address, Settings, Target};
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::member::{Member, READ_STATUS};
use super::prober::CERTIFICATE_INTERVAL;
use super::tls;
use crate::ListedMember;
use simkit::Stopwatch;

/// Maximum number of connections. A member list that lies can name other addresses each time.
const MAX_MEMBERS: usize = 64;

pub(super) struct OutsideMembers {
    settings: Settings,
    /// By client URL.
    members: Mutex<BTreeMap<String, OutsideMember>>,
}

struct OutsideMember {
    member: Member,
    /// When its certificate was read last.
    read: Stopwatch,
}

impl OutsideMembers {
    pub(super) fn new(settings: Settings) -> Self {
        OutsideMembers { settings, members: Mutex::default() }
    }

    /// The connection to a client URL, which is made and kept if it is new. TLS files and the login are those of the
    /// endpoints.
    pub(super) async fn connection(&self, url: &str, token: &Arc<AuthToken>) -> Result<Member, CallError> {
        if let Some((known, is_certificate_due)) = self.known(url) {
            if is_certificate_due {
                known.line().reread_certificate().await;
            }
            return Ok(known);
        }
        let address = Address::parse(url)
            .map_err(|error| CallError::new(ErrorCause::Other, READ_STATUS, url, error.to_string()))?;
        let target = Target::Address(address);
        let tls = tls::config_for(&target, &self.settings)?;
        let member = Member::new(&target, &self.settings, tls.as_ref(), token).await?;
        let known = OutsideMember { member: member.clone(), read: Stopwatch::start() };
        let mut members = self.members();
        if members.len() >= MAX_MEMBERS {
            members.pop_first();
        }
        members.insert(url.to_owned(), known);
        Ok(member)
    }

    /// When the certificate of a member ends, if one of its URLs showed it.
    pub(super) fn certificate_end(&self, listed: &ListedMember) -> Option<SystemTime> {
        let members = self.members();
        listed.client_urls.iter().find_map(|url| members.get(url)?.member.line().certificate_end())
    }

    /// The known connection to a URL, and whether the caller must read its certificate again. It then counts as read.
    fn known(&self, url: &str) -> Option<(Member, bool)> {
        let mut members = self.members();
        let known = members.get_mut(url)?;
        let is_certificate_due = known.read.elapsed() >= CERTIFICATE_INTERVAL;
        if is_certificate_due {
            known.read = Stopwatch::start();
        }
        Some((known.member.clone(), is_certificate_due))
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<String, OutsideMember>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
