"""The observer: an agent inside the cluster that asks and probes, and the suite's side that reads its lines."""
