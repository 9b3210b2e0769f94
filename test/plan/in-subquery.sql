SELECT origin FROM flights WHERE origin IN (SELECT destination FROM flights WHERE delay > 60) AND delay > 0
