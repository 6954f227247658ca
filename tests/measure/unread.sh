# A terminal that is not read for 30 s: leases of 2 s and 5 s live, and the screen is right afterwards.
if LEASETOP_UNREAD_SECONDS=30 terminal_test --nocapture unread::leases_live_on; then lived=1; else lived=0; fi
within "leases lived and the screen was right" "$lived" 1 1
