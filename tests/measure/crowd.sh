# From a key to the screen with 100,000 leases and 1,000 changes of leases and keys a second, 500 keys.
terminal_figures many_leases::key_among_events
within "changes a second" "$(figure events_a_second)" 900 1100
within "99 of 100 keys, in ms" "$(figure crowd_key_p99_ms)" 0 16
