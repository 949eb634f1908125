-- Expand only.
ALTER TABLE public.orders ADD COLUMN channel text;
CREATE TABLE orders_v2 (id bigint PRIMARY KEY, line int);
