SELECT origin FROM flights ORDER BY delay
