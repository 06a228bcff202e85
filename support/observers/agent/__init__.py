"""The agent that runs inside the cluster; it imports nothing from the rest of the suite.

Shipped as a ConfigMap, so any Python 3.11 image with psycopg on its path can carry it. HTTP and Redis are spoken by
hand on purpose: a probe must know whether a byte of its request had left when the line broke, because that decides
between "surely not applied" and "unknown", and a probe must cost so little that it never disturbs what it measures.
"""
