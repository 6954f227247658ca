# A terminal that is not read for 30 s: leases of 2 s and 5 s survive, and the screen is correct afterwards.
if LEASETOP_UNREAD_SECONDS=30 terminal_test --nocapture unread::leases_; then survived=1; else survived=0; fi
goal "leases survived and the screen was correct" "$survived" 1 1
