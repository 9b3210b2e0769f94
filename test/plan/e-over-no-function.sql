SELECT UPPER(origin) OVER (ORDER BY ts) FROM flights
