SELECT origin FROM flights WHERE delay > (SELECT MAX(delay) FROM flights)
