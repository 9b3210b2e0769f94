SELECT origin, destination, COUNT(*) AS flights, SUM(delay) / COUNT(*) AS mean
FROM flights GROUP BY origin, destination HAVING COUNT(*) >= 10
