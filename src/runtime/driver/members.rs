//! Reads the members of the cluster.

use futures_util::future::join_all;

use super::EffectContext;
use crate::app::{MemberReading, Msg};
use crate::runtime::call_failure::call_failure;
use etcd_lease::ListedMember;

/// Maximum number of members that are no endpoints and are asked for their status. A member list that lies can name any
/// number of addresses.
const MAX_OUTSIDE: usize = 32;

impl EffectContext {
    /// Reads the member list and, with `has_outside`, the status of the members that are no endpoints. If the list
    /// cannot be read, the `known` members are asked.
    pub(super) async fn read_members(self, known: Vec<ListedMember>, has_outside: bool) -> Msg {
        let listed = self.cluster.member_list().await.map_err(|error| call_failure(&error));
        let view = self.cluster.view();
        let members = listed.as_ref().unwrap_or(&known).iter();
        let outside = members.filter(|member| has_outside && !view.has_endpoint_of(member)).take(MAX_OUTSIDE);
        let outside = join_all(outside.map(|member| self.cluster.member_status(member))).await;
        Msg::Members { reading: MemberReading { listed, outside }, has_outside }
    }
}
