SELECT origin FROM flights WHERE delay
