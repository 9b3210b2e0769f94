SELECT origin, delay FROM flights UNION ALL SELECT origin FROM flights
