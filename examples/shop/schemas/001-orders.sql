-- The schema of v1. The migrate service applies it on every start, so each statement can be repeated.
CREATE TABLE IF NOT EXISTS orders (
  key        text PRIMARY KEY,
  customer   text NOT NULL,
  amount     numeric(12, 2) NOT NULL CHECK (amount > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS fulfilments (
  key          text PRIMARY KEY,
  fulfilled_at timestamptz NOT NULL DEFAULT now()
);
