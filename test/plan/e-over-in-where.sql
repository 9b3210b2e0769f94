SELECT origin FROM flights WHERE ROW_NUMBER() OVER (ORDER BY delay) = 1
