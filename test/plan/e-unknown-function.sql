SELECT UPER(origin) FROM flights
