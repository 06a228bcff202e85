"""The machinery under the features: clusters, clients, observers, faults, evidence."""
