SELECT COUNT(*) AS flights, COUNT(delay) AS known, MIN(ts) AS first_ts FROM flights
