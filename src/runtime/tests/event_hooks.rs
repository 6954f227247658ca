//! Commands that run on events, and notifications.

use futures_util::FutureExt;

use super::headless::HeadlessTest;
use super::*;
use crate::app::{EventKind, EventName};
use crate::report;
use crate::runtime::event_hook::Runner;

/// A hook that fails. What it gets on stdin is sent to the receiver.
fn failing(filter: &str) -> (Vec<(EventHook, Runner)>, mpsc::UnboundedReceiver<String>) {
    let (sender, inputs) = mpsc::unbounded_channel();
    let runner: Runner = Box::new(move |json| {
        sender.send(json).unwrap();
        async { Err("exit code 1".to_owned()) }.boxed()
    });
    let hook = EventHook { filter: filter.parse().unwrap(), command: "page".to_owned(), rate: Some(6_000) };
    (vec![(hook, runner)], inputs)
}

#[tokio::test(start_paused = true)]
async fn a_command_gets_matching_events_as_events_prints_them() {
    let (hooks, mut inputs) = failing("event:expired ttl<60 or event:connection");
    let mut test = HeadlessTest::with_outputs(1_000, Outputs::default().with_runners(hooks)).await;
    let [dies, _] = [5, 600].map(|ttl| LeaseId(test.sandbox.grant(ttl).unwrap()));
    test.wait(10.0).await;
    let events = test.events();
    let is_expected = |event: &&TimedEvent| {
        matches!(event.event.name(), EventName::Connection)
            || event.event.lease == Some(dies) && matches!(event.event.kind, EventKind::LeaseEnded(_))
    };
    let expected: Vec<String> =
        events.iter().filter(is_expected).map(|event| report::event_json(&event.event, event.start)).collect();
    let inputs: Vec<String> = std::iter::from_fn(|| inputs.try_recv().ok()).collect();
    assert_eq!((expected.len(), &inputs), (2, &expected));
    let errors: Vec<String> =
        events.iter().filter(|event| event.event.name() == EventName::Error).map(|event| event.event.text()).collect();
    assert_eq!(errors, ["--on-event page: exit code 1. Further failures are not reported."]);
}

#[tokio::test(start_paused = true)]
async fn the_monitor_shows_a_failing_command_and_notifies_the_terminal() {
    let notifications = NotificationOptions {
        sequence: Some(NotificationSequence::Osc9),
        has_bell: true,
        ..NotificationOptions::default()
    };
    let (hooks, mut inputs) = failing("event:granted");
    let outputs = Outputs::default().with_runners(hooks).with_notifications(notifications);
    let test = MonitorTest::with_outputs(exercise(&[]), false, |_| (), outputs).await;
    test.sandbox.grant(5).unwrap();
    test.wait(2.0).await;
    assert!(inputs.try_recv().unwrap().contains("\"event\":\"granted\""));
    assert!(test.screen.text().contains("--on-event page: exit code 1."), "{}", test.screen.text());
    let notified = test.screen.notifications();
    assert!(notified[0].starts_with("leasetop: error: --on-event page: exit code 1."), "{notified:?}");
}
