SELECT origin FROM flights WHERE 1 = 1 AND origin = 'SEA'
