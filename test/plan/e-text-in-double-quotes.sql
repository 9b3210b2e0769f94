SELECT origin FROM flights WHERE origin = "SEA-TAC"
