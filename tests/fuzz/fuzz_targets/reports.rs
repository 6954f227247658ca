#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| leasetop_fuzz::reports(data));
