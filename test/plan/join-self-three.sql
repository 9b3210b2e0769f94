SELECT a.origin FROM flights a JOIN flights b ON a.origin = b.destination JOIN flights c ON b.origin = c.destination WHERE c.delay > 10 AND a.delay > 20
