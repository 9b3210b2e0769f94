SELECT LAST(delay) FROM flights
