SELECT origin FROM flights EXCEPT ALL (SELECT destination FROM flights INTERSECT SELECT origin FROM late_flights)
