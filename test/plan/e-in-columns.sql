SELECT 1 FROM flights WHERE origin IN (SELECT origin, delay FROM flights)
