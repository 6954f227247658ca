# Time from start to the first frame, over 40 starts of the demo.
terminal_figures first_frame
goal "median, in ms" "$(figure first_frame_median_ms)" 0 15
