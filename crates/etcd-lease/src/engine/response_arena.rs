//! Unread responses of many queues in one allocation.

use super::response::Response;

/// An index in the arena; [`NONE`] for no element.
type Index = u32;

const NONE: Index = Index::MAX;
/// Maximum number of elements that are kept when all are free.
const KEPT: usize = 1_024;

/// The responses of one queue in the arena.
#[derive(Debug)]
pub(super) struct Chain {
    first: Index,
    last: Index,
    len: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Chain { first: NONE, last: NONE, len: 0 }
    }
}

impl Chain {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Responses, each with the index of the next one of its queue. An element that was read is used again.
#[derive(Debug)]
pub(super) struct ResponseArena {
    elements: Vec<(Response, Index)>,
    /// The first free element. Each free element has the index of the next one.
    free: Index,
    used: usize,
}

impl Default for ResponseArena {
    fn default() -> Self {
        ResponseArena { elements: Vec::new(), free: NONE, used: 0 }
    }
}

impl ResponseArena {
    /// Appends a response to a queue.
    pub(super) fn push(&mut self, chain: &mut Chain, response: Response) {
        let index = self.free;
        let index = if let Some(element) = self.elements.get_mut(index as usize) {
            self.free = element.1;
            *element = (response, NONE);
            index
        } else {
            self.elements.push((response, NONE));
            Index::try_from(self.elements.len() - 1).unwrap_or(NONE)
        };
        match self.elements.get_mut(chain.last as usize) {
            Some(last) => last.1 = index,
            None => chain.first = index,
        }
        chain.last = index;
        chain.len += 1;
        self.used += 1;
    }

    /// Takes the oldest response of a queue.
    pub(super) fn pop(&mut self, chain: &mut Chain) -> Option<Response> {
        let index = chain.first;
        let element = self.elements.get_mut(index as usize)?;
        let response = element.0;
        chain.first = std::mem::replace(&mut element.1, self.free);
        chain.len -= 1;
        if chain.is_empty() {
            chain.last = NONE;
        }
        self.free = index;
        self.used -= 1;
        if self.used == 0 && self.elements.len() > KEPT {
            *self = ResponseArena::default();
        }
        Some(response)
    }

    /// Removes all responses of a queue.
    pub(super) fn clear(&mut self, chain: &mut Chain) {
        while self.pop(chain).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use proptest::prelude::*;
    use simkit::Timestamp;

    use super::*;
    use crate::LeaseId;

    fn response(number: i64) -> Response {
        Response { id: LeaseId(1), ttl: number, at: Timestamp::START, round_trip: Duration::ZERO, revision: 0 }
    }

    proptest! {
        /// Each queue returns what was put into it, in this order, and elements are used again.
        #[test]
        fn each_queue_is_first_in_first_out(steps in prop::collection::vec((0..3_usize, 0..3_u8), 0..200)) {
            let mut arena = ResponseArena::default();
            let mut chains = [const { Chain { first: NONE, last: NONE, len: 0 } }; 3];
            let mut model: [VecDeque<i64>; 3] = Default::default();
            let mut most = 0;
            for (number, (queue, step)) in (0..).zip(steps) {
                match step {
                    0 | 1 if step == 0 || number % 2 == 0 => {
                        arena.push(&mut chains[queue], response(number));
                        model[queue].push_back(number);
                    }
                    2 if number % 7 == 0 => {
                        arena.clear(&mut chains[queue]);
                        model[queue].clear();
                    }
                    _ => {
                        let popped = arena.pop(&mut chains[queue]).map(|response| response.ttl);
                        prop_assert_eq!(popped, model[queue].pop_front());
                    }
                }
                prop_assert_eq!(chains[queue].len(), model[queue].len());
                let used: usize = model.iter().map(VecDeque::len).sum();
                most = most.max(used);
                prop_assert_eq!(arena.used, used);
                prop_assert!(arena.elements.len() <= most);
            }
        }
    }

    #[test]
    fn memory_is_freed_when_all_is_read() {
        let (mut arena, mut chain) = (ResponseArena::default(), Chain::default());
        (0..5_000).for_each(|number| arena.push(&mut chain, response(number)));
        arena.clear(&mut chain);
        assert_eq!((arena.elements.capacity(), chain.len()), (0, 0));
    }
}
