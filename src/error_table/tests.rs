use super::*;
use etcd_lease::wire::ETCD_ERRORS;

#[test]
fn every_cause_has_one_row_and_every_cell_of_it_says_something() {
    for error in &ETCD_ERRORS {
        assert_eq!(row_of(error.cause).cause, error.cause);
    }
    for (at, row) in ERRORS.iter().enumerate() {
        assert!(!ERRORS[..at].iter().any(|other| other.cause == row.cause), "{:?} twice", row.cause);
        assert!(![row.what, row.leases, row.leasetop].contains(&""), "{:?}", row.cause);
        assert!(!row.cause.is_permanent() || !row.todo.is_empty(), "{:?} says nothing to do", row.cause);
        let texts = [row.what, row.leases, row.leasetop, row.todo];
        assert!(texts.iter().all(|text| !text.ends_with('.') && !text.contains('|')), "{:?}", row.cause);
    }
}

#[test]
fn a_connection_that_fails_is_not_said_to_refuse_requests() {
    assert_eq!(refusal(ErrorCause::NotTls, "m0"), "could not connect to m0 with TLS");
    assert_eq!(refusal(ErrorCause::NotHttp2, "m0"), "could not connect to m0");
    assert_eq!(refusal(ErrorCause::LoginRequired, "m0"), "m0 refuses requests");
}

#[test]
fn a_message_says_what_happened_and_what_to_do() {
    let error = |cause, message: &str| CallError::new(cause, "list the leases", "m0", message);
    for (cause, message, said) in [
        (
            ErrorCause::LoginRequired,
            "etcdserver: user name is empty",
            "could not list the leases at m0: etcd requires a login (etcdserver: user name is empty); \
             log in with --user NAME:PASSWORD",
        ),
        (
            ErrorCause::Closed,
            "the server closed the connection",
            "could not list the leases at m0: the member closed the connection: it is shutting down or was killed",
        ),
        (
            ErrorCause::NoReply,
            "no reply in time",
            "could not list the leases at m0: no reply in time; \
             check the member and the network; --command-timeout waits longer for calls",
        ),
        (
            ErrorCause::NoReply,
            "no reply within 700 ms",
            "could not list the leases at m0: no reply within 700 ms; check the member and the network",
        ),
        (
            ErrorCause::Stopped,
            "nothing listens at the endpoint any more",
            "could not list the leases at m0: nothing listens at the endpoint any more: the member was stopped or killed",
        ),
        (ErrorCause::Other, "etcdserver: new text", "could not list the leases at m0: etcdserver: new text"),
    ] {
        assert_eq!(sentence(&error(cause, message)), said);
    }
}
