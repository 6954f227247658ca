//! 50,000 leases of other clients in a terminal. `tests/measure mass` runs 400,000.

use etcd_lease::LeaseId;

use crate::sandbox::ServedSandbox;

const COUNT: u32 = 50_000;

#[test]
fn all_leases_are_shown_and_the_cursor_reaches_the_last() {
    let server = ServedSandbox::start();
    for n in 1..COUNT {
        server.sandbox.grant(3_600 + i64::from(n % 3_600)).expect("a lease");
    }
    let last = LeaseId(server.sandbox.grant_as(LeaseId(i64::MAX), 3_600).expect("a lease"));
    server.sandbox.put("/the/last", "x", Some(last.0)).expect("a key");
    let mut terminal = server.monitor(&["--sort", "id", "--columns", "id,ttl,key"], 120, 24);
    terminal.wait_for(&format!("{COUNT} others"));
    terminal.keys("G");
    terminal.wait_for("/the/last");
    terminal.keys("/the/last\r");
    terminal.wait_for(&format!("1 of {COUNT}"));
    terminal.wait_for(&last.to_string());
    server.sandbox.revoke(last).expect("it is there");
    terminal.wait_for(&format!("{} others", COUNT - 1));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}
