SELECT origin FROM flights WHERE destination NOT IN (SELECT destination FROM flights WHERE delay > 60)
