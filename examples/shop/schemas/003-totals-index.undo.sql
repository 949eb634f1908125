-- An index holds nothing that the table does not hold.

SET LOCAL lock_timeout = '3s';

DROP INDEX IF EXISTS public.orders_v2_customer;
