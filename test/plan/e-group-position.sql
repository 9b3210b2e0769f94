SELECT origin, COUNT(*) FROM flights GROUP BY 3
