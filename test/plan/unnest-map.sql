SELECT id, k, v FROM baskets, UNNEST(tags) AS t (k, v) WHERE v > 1
