use super::{GroupInput, Lint};
use crate::escape::printable;
use crate::inference::key_contests::KeyContest;
use etcd_lease::LeaseId;

/// With fewer takes, the key may have been moved by hand.
const FEWEST: usize = 3;

/// Leases that keep taking a key from each other, as two programs with the same key do.
///
/// > leases 694d9aa8d4d4f304 and 694d9aa8d4d4f30e keep taking /svc/a from each other, 6 times in 20 s.
#[derive(Clone, Copy, Debug)]
pub struct Contested;

impl Contested {
    fn sentence(key: &[u8], contest: &KeyContest) -> String {
        let ids: Vec<String> = contest.leases.iter().map(ToString::to_string).collect();
        let leases = ids.split_last().map(|(last, rest)| format!("{} and {last}", rest.join(", "))).unwrap_or_default();
        let (key, count, span) = (printable(key), contest.count(), contest.span().as_secs_f64());
        format!("leases {leases} keep taking {key} from each other, {count} times in {span:.0} s.")
    }
}

impl Lint for Contested {
    fn name(&self) -> &'static str {
        "contested"
    }

    fn label(&self) -> &'static str {
        "contested key"
    }

    fn why(&self) -> &'static str {
        "Two programs put the same key, each with its own lease: when the program that put it last dies, the key is \
         deleted although the other one still runs."
    }

    fn advice(&self) -> &'static str {
        "Look for two instances with the same address or name, or one that was not stopped; give each its own key."
    }

    fn group_findings(&self, input: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        let contests = input.contests.into_iter().flat_map(|contests| contests.iter());
        let lasting = contests.filter(|(_, contest)| contest.count() >= FEWEST);
        lasting.map(|(key, contest)| (contest.leases.clone(), Contested::sentence(key, contest))).collect()
    }
}
