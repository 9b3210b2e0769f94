SELECT LAG(delay, 1, 'x') OVER (ORDER BY ts) FROM flights
