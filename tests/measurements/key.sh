# Latency from key press to screen with 1,000 own leases and 286 renewals a second, over 500 keys.
terminal_figures key_to_screen
goal "renewals a second" "$(figure renewals_a_second)" 200 400
goal "p99 from key to screen, in ms" "$(figure key_p99_ms)" 0 16
