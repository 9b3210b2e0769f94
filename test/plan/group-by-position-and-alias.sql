SELECT UPPER(origin) AS airport, delay > 15 AS late, COUNT(*) AS flights
FROM flights GROUP BY 1, late
