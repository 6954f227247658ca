//! The headers of replies.

use etcd_client::proto::{
    PbLeaseGrantResponse, PbLeaseKeepAliveResponse, PbLeaseLeasesResponse, PbLeaseRevokeResponse,
    PbLeaseTimeToLiveResponse, PbMemberListResponse, PbRangeResponse, PbResponseHeader,
};
use etcd_client::{GetResponse, PutResponse, ResponseHeader, TxnResponse};

use crate::Header;

/// A reply with a header.
pub(super) trait Reply {
    fn header(&self) -> Header;
}

macro_rules! impl_reply {
    ($($reply:ty: $header:expr;)+) => {
        $(impl Reply for $reply {
            fn header(&self) -> Header {
                let header: fn(&$reply) -> Header = $header;
                header(self)
            }
        })+
    };
}

impl_reply! {
    PbLeaseGrantResponse: |reply| pb_header(reply.header);
    PbLeaseRevokeResponse: |reply| pb_header(reply.header);
    PbLeaseLeasesResponse: |reply| pb_header(reply.header);
    PbLeaseTimeToLiveResponse: |reply| pb_header(reply.header);
    PbLeaseKeepAliveResponse: |reply| pb_header(reply.header);
    PbMemberListResponse: |reply| pb_header(reply.header);
    PbRangeResponse: |reply| pb_header(reply.header);
    PutResponse: |reply| header(reply.header());
    GetResponse: |reply| header(reply.header());
    TxnResponse: |reply| header(reply.header());
}

pub(super) fn header(header: Option<&ResponseHeader>) -> Header {
    header.map_or_else(Header::default, |header| Header {
        cluster_id: header.cluster_id(),
        member_id: header.member_id(),
        revision: header.revision(),
        raft_term: header.raft_term(),
    })
}

pub(super) fn pb_header(header: Option<PbResponseHeader>) -> Header {
    header.map_or_else(Header::default, |header| Header {
        cluster_id: header.cluster_id,
        member_id: header.member_id,
        revision: header.revision,
        raft_term: header.raft_term,
    })
}
