# Latency from key press to screen with 100,000 leases and 1,000 changes a second, over 500 keys.
terminal_figures many_leases::key_among_events
goal "changes a second" "$(figure events_a_second)" 900 1100
goal "p99 from key to screen, in ms" "$(figure crowd_key_p99_ms)" 0 10
