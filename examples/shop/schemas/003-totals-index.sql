-- v2 answers totals per customer from orders_v2. An index only: v1 never looks at the table.

SET LOCAL lock_timeout = '3s';

CREATE INDEX IF NOT EXISTS orders_v2_customer ON public.orders_v2 (customer);
