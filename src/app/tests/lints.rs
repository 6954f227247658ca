//! Checking many leases in slices.

use super::*;

fn warned(story: &Story) -> Vec<i64> {
    story.app.leases.warned().map(|lease| lease.id.0).collect()
}

/// Lets the check go on until it is complete. Returns how many slices that took.
fn finish_check(story: &mut Story) -> usize {
    for slices in 1.. {
        story.now = story.now.max(story.app.leases.lint_report.due);
        story.send(Msg::Tick);
        if story.app.leases.lint_report.run.is_none() {
            return slices;
        }
    }
    unreachable!()
}

#[test]
fn many_leases_are_checked_in_slices() {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=2_500).collect::<Vec<_>>(), &[]);
    story.send(Msg::KeysRead { revision: 1 });
    for id in [1, 2, 1_400, 2_500] {
        story.poll(id, 2, 3, &["/a"]);
    }
    story.send(Msg::Tick);
    assert_eq!(warned(&story), [0; 0], "the first slice shows nothing yet");
    story.list(&[], &[2]);
    assert_eq!(finish_check(&mut story), 2);
    assert_eq!(warned(&story), [1, 1_400, 2_500], "a lease that ended meanwhile has no warning");
    assert_eq!(story.app.leases.lint_report().all().len(), 3);
    story.poll(1_400, 59, 60, &["/a"]);
    assert_eq!((finish_check(&mut story), warned(&story)), (3, vec![1, 2_500]));
}
