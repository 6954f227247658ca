//! Splits events into several messages if the client requests fragments.

use etcd_client::proto::{PbEvent, PbResponseHeader, PbWatchResponse};
use prost::Message;

use crate::member::MAX_REQUEST_BYTES;

/// The largest fragment in bytes. etcd adds 512 KiB for the overhead.
const MAX_BYTES: usize = MAX_REQUEST_BYTES + 512 * 1024;

/// The messages for these events, in order. All but the last are marked as fragments. Without events there are no
/// messages.
pub(super) fn in_fragments(
    watch_id: i64,
    header: &PbResponseHeader,
    events: Vec<PbEvent>,
    fragmented: bool,
) -> Vec<PbWatchResponse> {
    let most = if fragmented { MAX_BYTES } else { usize::MAX };
    let mut messages: Vec<PbWatchResponse> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let length = event.encoded_len();
        match messages.last_mut() {
            Some(message) if bytes + length < most => {
                message.events.push(event);
                bytes += length;
            }
            last => {
                last.into_iter().for_each(|message| message.fragment = true);
                let header = Some(*header);
                messages.push(PbWatchResponse { header, watch_id, events: vec![event], ..Default::default() });
                bytes = length;
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use etcd_client::proto::PbKeyValue;

    use super::*;

    fn event(bytes: usize) -> PbEvent {
        PbEvent { kv: Some(PbKeyValue { value: vec![0; bytes], ..Default::default() }), ..Default::default() }
    }

    fn shape(events: Vec<PbEvent>, fragmented: bool) -> Vec<(usize, bool)> {
        let messages = in_fragments(1, &PbResponseHeader::default(), events, fragmented);
        messages.iter().map(|message| (message.events.len(), message.fragment)).collect()
    }

    #[test]
    fn only_large_messages_are_split() {
        const MB: usize = 1_000_000;
        assert_eq!(shape(vec![], true), []);
        assert_eq!(shape(vec![event(9), event(9)], true), [(2, false)]);
        assert_eq!(shape(vec![event(MB), event(MB), event(MB)], true), [(2, true), (1, false)]);
        assert_eq!(shape(vec![event(MB), event(MB), event(MB)], false), [(3, false)]);
    }
}
