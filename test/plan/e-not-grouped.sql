SELECT origin, delay + 1 AS d, COUNT(*) FROM flights GROUP BY origin
