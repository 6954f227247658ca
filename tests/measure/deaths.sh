# A thousand scripted ends of leases and of keys on them: how many `events` tells with their true cause.
etcd_figures deaths
within "ends" "$(figure ends)" 1000 10000
within "ends told with a wrong cause" "$(figure wrong)" 0 0
within "ends of unknown cause, in percent" "$(figure unknown_percent)" 0 2
within "ends that were not told, or twice" "$(figure untold)" 0 0
within "lags outside of the error that was told" "$(figure lags_outside)" 0 0
