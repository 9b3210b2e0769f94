SELECT (SELECT origin, delay FROM flights) FROM flights
