-- Expand only: v1 works on unchanged, before, during and after. Runs in one transaction that the caller opens (READ COMMITTED).

-- Better to fail and be tried again than to queue all writers behind a lock that is not granted.
SET LOCAL lock_timeout = '3s';

ALTER TABLE public.orders ADD COLUMN IF NOT EXISTS channel text;

CREATE TABLE public.orders_v2 (
  key          text PRIMARY KEY,
  customer     text NOT NULL,
  amount_cents bigint NOT NULL CHECK (amount_cents > 0),
  channel      text,
  created_at   timestamptz NOT NULL
);
-- Whoever applies this, the application must be able to read and write it.
ALTER TABLE public.orders_v2 OWNER TO shop;

CREATE FUNCTION public.orders_to_v2() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.orders_v2 (key, customer, amount_cents, channel, created_at)
  VALUES (NEW.key, NEW.customer, (NEW.amount * 100)::bigint, NEW.channel, NEW.created_at)
  ON CONFLICT (key) DO NOTHING;
  RETURN NULL;
END
$$;
ALTER FUNCTION public.orders_to_v2() OWNER TO shop;

-- The trigger comes first, then the backfill: its lock keeps writers out, so no order falls between the two.
CREATE TRIGGER orders_to_v2 AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.orders_to_v2();

INSERT INTO public.orders_v2 (key, customer, amount_cents, channel, created_at)
SELECT key, customer, (amount * 100)::bigint, channel, created_at FROM public.orders
ON CONFLICT (key) DO NOTHING;
