"""The shop's own counters; django-prometheus brings those of the HTTP requests."""

from prometheus_client import Counter, Gauge

CONFIRMED = Counter("shop_sales_confirmed_total", "Sales answered with 201")
REFUSALS = Counter("shop_refusals_total", "Requests refused because a part was missing", ["error"])
JOBS = Counter("shop_jobs_total", "Background jobs accepted by this pod", ["status"])
POOL = Gauge("shop_db_pool_connections", "Connections to the database", ["state"], multiprocess_mode="livesum")
