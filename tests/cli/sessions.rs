//! What help says, what is said to mistakes, and what README and docs show: sessions run against nothing or a sandbox of
//! their own.

#[test]
fn sessions_match_their_recordings() {
    let cases = trycmd::TestCases::new();
    for variable in ["ETCDCTL_ENDPOINTS", "ETCDCTL_USER", "ETCDCTL_PASSWORD", "ETCDCTL_CACERT", "ETCDCTL_WRITE_OUT"] {
        assert!(std::env::var_os(variable).is_none(), "{variable} would change what the sessions show");
    }
    cases.env("XDG_CONFIG_HOME", "/nowhere");
    cases.case("tests/cli/cmd/*.trycmd").case("README.md").case("docs/*.md");
}
