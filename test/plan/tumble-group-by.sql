SELECT origin, TUMBLE_START(ts, INTERVAL '1' MINUTE) AS minute, COUNT(*) AS flights, AVG(delay) AS delay
FROM flights
WHERE distance > 100
GROUP BY origin, TUMBLE(ts, INTERVAL '1' MINUTE)
HAVING COUNT(*) > 1 AND origin <> 'SEA'
