SELECT origin FROM flights UNION ALL SELECT destination FROM flights
