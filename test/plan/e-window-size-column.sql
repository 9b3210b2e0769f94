SELECT COUNT(*) FROM flights GROUP BY TUMBLE(ts, ts - ts)
