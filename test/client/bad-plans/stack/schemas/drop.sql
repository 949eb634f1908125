-- Looks harmless: the table's name is in a comment, in a string, and then really there.
SELECT 'DROP TABLE orders' /* DROP TABLE orders; */;
CREATE TABLE fine (id int);
DROP TABLE
  fine, public.orders;
