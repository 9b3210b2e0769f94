SELECT delay FROM flights AS a JOIN flights AS b ON a.origin = b.origin
