//! `revoke --filter` on a terminal asks for the number of leases.

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

fn asked(served: &ServedSandbox) -> Terminal {
    let mut terminal = Terminal::start(served.leasetop(&["revoke", "--filter", "key:/svc/"]), 120, 24);
    terminal.wait_for("2 keys will be deleted.");
    terminal.wait_for("Type 2 to revoke 2 leases:");
    terminal
}

fn grant(served: &ServedSandbox, key: &str) {
    let lease = served.sandbox.grant(600).expect("a lease");
    served.sandbox.put(key, "v", Some(lease)).expect("a key");
}

#[test]
fn the_number_of_leases_confirms_and_nothing_else() {
    let served = ServedSandbox::start();
    grant(&served, "/svc/a");
    grant(&served, "/svc/b");
    grant(&served, "/other");

    let mut terminal = asked(&served);
    terminal.keys("yes\r");
    terminal.wait_for("nothing was revoked");
    assert_eq!((terminal.exit_code(), served.sandbox.leases().len()), (1, 3));

    let mut terminal = asked(&served);
    grant(&served, "/svc/c");
    terminal.keys("2\r");
    terminal.wait_for("the matching leases have changed; nothing was revoked");
    assert_eq!((terminal.exit_code(), served.sandbox.leases().len()), (1, 4));

    served.sandbox.delete("/svc/c");
    let mut terminal = asked(&served);
    terminal.keys("2\r");
    assert_eq!((terminal.exit_code(), served.sandbox.leases().len()), (0, 2));
}
