SELECT UPERR(origin) FROM flights
