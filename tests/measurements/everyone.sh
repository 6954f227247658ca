# CPU, memory and key latency with 1,000, 10,000 and 100,000 leases of other clients at the default poll limit.
terminal_figures many_leases::everyone
for size in "10000 10 60" "100000 25 150"; do
  read -r leases cpu memory <<<"$size"
  goal "CPU with $leases leases, in percent of a core" "$(figure "everyone_${leases}_cpu_percent")" 0 "$cpu"
  goal "peak memory with $leases leases, in MB" "$(figure "everyone_${leases}_most_resident_mb")" 0 "$memory"
  goal "p99 from key to screen with $leases leases, in ms" "$(figure "everyone_${leases}_key_p99_ms")" 0 33
done
