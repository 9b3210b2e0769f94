SELECT origin FROM flights UNION ALL SELECT delay FROM flights
