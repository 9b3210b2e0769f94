-- bounded
SELECT origin, COUNT(*) AS flights FROM flights GROUP BY origin ORDER BY MAX(delay) DESC, flights LIMIT 10
