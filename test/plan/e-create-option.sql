CREATE TABLE t (a INT) WITH ('retention.mss' = '1 d')
