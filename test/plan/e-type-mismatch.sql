SELECT origin FROM flights WHERE origin + 1 > 2
