-- bounded
SELECT * FROM readings MATCH_RECOGNIZE (PARTITION BY sensor ORDER BY taken MEASURES A.volts AS v PATTERN (A B) DEFINE B AS volts > A.volts)
