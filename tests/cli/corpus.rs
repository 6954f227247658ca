//! What the fuzz targets found once, and their first inputs: no target fails on them.

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate of its own for the fuzzer")]
mod targets;

#[test]
fn no_target_fails_on_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let files: Vec<_> = fs::read_dir(corpus.join(name)).expect(name).map(|file| file.expect(name).path()).collect();
        assert!(!files.is_empty(), "{name} has no inputs");
        for file in files {
            let data = fs::read(&file).expect("a file");
            let outcome = std::panic::catch_unwind(|| target(&data));
            assert!(outcome.is_ok(), "{} fails on {}", name, file.display());
        }
    }
}
