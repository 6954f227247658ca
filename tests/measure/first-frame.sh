# How long from the start to the first frame, over 40 starts of the demo.
terminal_figures first_frame
within "median, in ms" "$(figure first_frame_median_ms)" 0 30
