//! The keepalive of one lease.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::watch;

use super::consumer::Consumer;
use super::response::Response;
use super::response_queues::Delivery;
use crate::{Ended, LeaseId, QueueGauge};

/// Receives the reason for the end as soon as it is known.
pub(super) type EndReceiver = watch::Receiver<Option<Ended>>;

/// The keepalive of one lease, and a stream of its responses from a bounded queue.
///
/// After the last item [`KeepAlive::ended`] returns the reason. Dropping it stops the keepalive, unless the lease has
/// another consumer.
#[derive(Debug)]
pub struct KeepAlive {
    consumer: Consumer,
    id: LeaseId,
    ended: Option<Ended>,
    end: EndReceiver,
}

impl KeepAlive {
    pub(super) fn new(consumer: Consumer, id: LeaseId, end: EndReceiver) -> Self {
        KeepAlive { consumer, id, ended: None, end }
    }

    /// The id of the lease.
    pub fn id(&self) -> LeaseId {
        self.id
    }

    /// Waits for the next response; `None` after the end.
    pub async fn next(&mut self) -> Option<Response> {
        let delivery = self.consumer.next().await;
        self.response(delivery)
    }

    /// The response in a delivery. Notes the end.
    fn response(&mut self, delivery: Option<Delivery>) -> Option<Response> {
        match delivery? {
            Delivery::Response(response) => Some(response),
            Delivery::Ended(_, ended) => {
                self.ended = Some(ended);
                None
            }
        }
    }

    /// Why the stream ended; `None` before its end.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Waits for the end of the keepalive, whether responses are read or not. If this is dropped first, the reason is
    /// [`Ended::Cancelled`].
    pub fn wait_ended(&self) -> impl Future<Output = Ended> + Send + use<> {
        let mut end = self.end.clone();
        async move {
            match end.wait_for(Option::is_some).await {
                Ok(reason) => reason.clone().unwrap_or(Ended::Cancelled),
                Err(_) => Ended::Cancelled,
            }
        }
    }

    /// The queue depth. After the end of the stream, only the number of dropped responses remains.
    pub fn queue(&self) -> QueueGauge {
        self.consumer.gauge(self.id)
    }
}

impl Stream for KeepAlive {
    type Item = Response;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        let delivery = std::task::ready!(self.consumer.poll_delivery(cx));
        Poll::Ready(self.response(delivery))
    }
}
