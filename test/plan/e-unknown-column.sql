SELECT origin,
  dellay FROM flights
