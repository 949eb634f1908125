-- Takes the expansion back without losing a row. Only for when nothing of v2 runs any more.

SET LOCAL lock_timeout = '3s';

DROP TRIGGER IF EXISTS orders_to_v2 ON public.orders;
DROP FUNCTION IF EXISTS public.orders_to_v2();

-- Archived, not dropped. The name carries the time, so that apply and undo can be repeated.
DO $$
BEGIN
  IF to_regclass('public.orders_v2') IS NOT NULL THEN
    EXECUTE format('ALTER TABLE public.orders_v2 RENAME TO %I',
                   'orders_v2_undone_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS_MS'));
  END IF;
END
$$;

-- orders.channel stays: v1 never names it, it may be null, and dropping it would discard what v2 wrote there.
