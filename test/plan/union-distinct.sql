SELECT origin, delay FROM flights UNION SELECT destination, 1.5 FROM flights
