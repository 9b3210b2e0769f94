SELECT origin FROM flights WHERE delay > ALL (SELECT sensor FROM readings)
