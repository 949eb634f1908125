\set ON_ERROR_STOP on
CREATE TABLE a (b int);
