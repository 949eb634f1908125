--! allowed
CREATE TABLE "posts" ("id" bigserial primary key, "title" character varying NOT NULL, "body" text, "published" boolean DEFAULT FALSE NOT NULL, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL);
INSERT INTO "schema_migrations" ("version") VALUES ('20240101000001') RETURNING "version"
--! allowed
ALTER TABLE "products" ADD "weight" integer DEFAULT 0 NOT NULL
--! allowed
ALTER TABLE "products" ADD COLUMN IF NOT EXISTS "colour" varchar(20)
--! allowed outside
CREATE INDEX CONCURRENTLY "index_products_on_name" ON "products" ("name")
--! allowed outside
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "index_products_on_sku" ON "products" USING btree ("sku")
--! allowed outside
CREATE INDEX CONCURRENTLY "index_orders_on_status" ON "orders" ("status") WHERE status = 'open'
--! allowed
CREATE INDEX "index_posts_on_title" ON "posts" ("title"); COMMENT ON INDEX "index_posts_on_title" IS 'for the search'
--! allowed
ALTER TABLE "posts" ADD CONSTRAINT "fk_rails_1" FOREIGN KEY ("id") REFERENCES "articles" ("id") NOT VALID; ALTER TABLE "posts" VALIDATE CONSTRAINT "fk_rails_1"
--! allowed
ALTER TABLE "posts" DROP CONSTRAINT "fk_rails_1"
--! allowed
CREATE TABLE "products_tags" ("product_id" integer NOT NULL, "tag_id" integer NOT NULL)
--! allowed
ALTER TABLE "posts" RENAME COLUMN "body" TO "content"
--! allowed
ALTER TABLE "posts" RENAME TO "entries"; ALTER SEQUENCE "posts_id_seq" RENAME TO "entries_id_seq"; ALTER INDEX "posts_pkey" RENAME TO "entries_pkey"
--! allowed
ALTER TABLE "ar_internal_metadata" ALTER COLUMN "value" TYPE text
--! allowed
ALTER TABLE "products" ALTER COLUMN "price" SET DEFAULT 1, ALTER COLUMN "price" SET NOT NULL
--! allowed
UPDATE "products" SET "price" = 1 WHERE "products"."price" IS NULL
--! allowed
CREATE EXTENSION IF NOT EXISTS "pgcrypto"
--! allowed
CREATE EXTENSION IF NOT EXISTS "hstore" SCHEMA public
--! allowed
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public; ALTER TABLE users ADD COLUMN email citext
--! allowed
CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX users_login_trgm ON users USING gin (login gin_trgm_ops)
--! allowed
CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE TABLE bookings (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&))
--! allowed
INSERT INTO "ar_internal_metadata" ("key", "value") VALUES ('environment', 'production') ON CONFLICT ("key") DO UPDATE SET value = excluded.value
--! allowed
ALTER TABLE "orders" ADD COLUMN "note" character varying
--! allowed
ALTER TABLE "orders" ADD COLUMN "currency" varchar(3) DEFAULT 'EUR' NOT NULL
--! allowed
ALTER TABLE "orders" ADD COLUMN "paid_at" timestamptz, ADD COLUMN "coupon" text
--! allowed
CREATE INDEX "index_orders_on_paid_at" ON "orders" ("paid_at")
--! allowed
COMMENT ON COLUMN "orders"."paid_at" IS 'When the money came'
--! allowed
COMMENT ON TABLE "customers" IS 'Who buys'
--! allowed
CREATE TABLE "order_items" ("id" bigserial primary key, "order_id" bigint NOT NULL, "product_id" integer, CONSTRAINT "fk_items" FOREIGN KEY ("order_id") REFERENCES "orders" ("id"))
--! allowed
ALTER TABLE "order_items" ADD CONSTRAINT "fk_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE SET NULL
--! allowed
GRANT SELECT, INSERT ON "order_items" TO reader
--! allowed
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO reader
--! allowed
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader
--! allowed
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader
--! allowed
REVOKE INSERT ON products FROM reader
--! allowed
REVOKE CREATE ON SCHEMA public FROM PUBLIC
--! allowed
CREATE TYPE "Plan" AS ENUM ('FREE', 'PRO')
--! allowed
CREATE TABLE "Account" ("id" TEXT NOT NULL, "plan" "Plan" NOT NULL DEFAULT 'FREE', "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "Account_pkey" PRIMARY KEY ("id"))
--! allowed
CREATE UNIQUE INDEX "Account_plan_key" ON "Account"("plan", "id")
--! allowed
ALTER TYPE "Plan" ADD VALUE 'TEAM'
--! allowed outside
ALTER TYPE "Plan" ADD VALUE IF NOT EXISTS 'ENTERPRISE' AFTER 'PRO'
--! allowed outside
ALTER TYPE order_status ADD VALUE 'returned'
--! allowed
ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'lost'
--! refused: changes the type Plan
ALTER TYPE "Plan" RENAME TO "Plan_old"; CREATE TYPE "Plan" AS ENUM ('FREE', 'PRO', 'TEAM'); ALTER TABLE "Account" ALTER COLUMN "plan" DROP DEFAULT; ALTER TABLE "Account" ALTER COLUMN "plan" TYPE "Plan" USING ("plan"::text::"Plan"); DROP TYPE "Plan_old"
--! refused: BEGIN controls the transaction
BEGIN; CREATE TYPE "Role" AS ENUM ('A'); COMMIT
--! allowed
ALTER TABLE "Account" ADD COLUMN "userId" UUID, ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE
--! allowed
-- AlterTable
ALTER TABLE "Account" ALTER COLUMN "createdAt" DROP DEFAULT;

-- CreateIndex
CREATE INDEX "Account_createdAt_idx" ON "Account"("createdAt" DESC);
--! allowed
INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name") VALUES ('1', 'x', '20240101_init')
--! allowed
UPDATE "_prisma_migrations" SET "finished_at" = now(), "applied_steps_count" = "applied_steps_count" + 1 WHERE "id" = '1'
--! allowed
DROP INDEX "Account_createdAt_idx"
--! allowed
CREATE TABLE "shop_category" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(100) NOT NULL, "parent_id" bigint NULL)
--! allowed
ALTER TABLE "shop_category" ADD CONSTRAINT "shop_category_parent_fk" FOREIGN KEY ("parent_id") REFERENCES "shop_category" ("id") DEFERRABLE INITIALLY DEFERRED
--! allowed
CREATE INDEX "shop_category_name_like" ON "shop_category" ("name" varchar_pattern_ops)
--! allowed
ALTER TABLE "shop_category" ADD COLUMN "slug" varchar(50) DEFAULT '' NOT NULL; ALTER TABLE "shop_category" ALTER COLUMN "slug" DROP DEFAULT
--! allowed
SET CONSTRAINTS "shop_category_parent_fk" IMMEDIATE; ALTER TABLE "shop_category" DROP CONSTRAINT "shop_category_parent_fk"
--! refused: ALTER COLUMN on orders
ALTER TABLE "orders" ADD COLUMN "channel" varchar(50) DEFAULT '' NOT NULL; ALTER TABLE "orders" ALTER COLUMN "channel" DROP DEFAULT
--! refused: NOT NULL without a default on orders
ALTER TABLE "orders" ADD COLUMN "region" varchar(50) NOT NULL
--! allowed
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('shop', '0002_category', now())
--! allowed
INSERT INTO "shop_category" ("name", "slug") VALUES ('Books', 'books'), ('Music', 'music')
--! allowed
UPDATE "shop_category" SET "slug" = lower(replace("name", ' ', '-'))
--! allowed
ALTER TABLE "shop_category" ADD CONSTRAINT "shop_category_slug_uniq" UNIQUE ("slug")
--! allowed
ALTER TABLE "shop_category" ALTER COLUMN "name" TYPE varchar(200) USING "name"::varchar(200)
--! allowed
UPDATE alembic_version SET version_num = 'abc123'
--! allowed
INSERT INTO alembic_version (version_num) VALUES ('def456') RETURNING alembic_version.version_num
--! allowed
DELETE FROM alembic_version WHERE alembic_version.version_num = 'def456'
--! allowed
CREATE TABLE tags (id SERIAL NOT NULL, name VARCHAR(64), PRIMARY KEY (id), UNIQUE (name))
--! allowed
ALTER TABLE tags ADD COLUMN created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL
--! allowed
ALTER TABLE tags ALTER COLUMN name TYPE TEXT, ALTER COLUMN name SET NOT NULL
--! allowed
CREATE SCHEMA IF NOT EXISTS reporting
--! allowed
CREATE SCHEMA billing AUTHORIZATION reader
--! allowed
CREATE TABLE reporting.facts (day date PRIMARY KEY, total numeric); GRANT USAGE ON SCHEMA reporting TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO reader
--! allowed
SET search_path TO reporting; CREATE TABLE dims (id int); RESET search_path
--! allowed
SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'; ALTER TABLE products ADD COLUMN barcode text
--! allowed
SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SELECT pg_catalog.set_config('search_path', '', false); SET check_function_bodies = false; SET xmloption = content; SET client_min_messages = warning; SET row_security = off; SET default_tablespace = ''; SET default_table_access_method = heap; CREATE TABLE public.dumped (id integer NOT NULL); ALTER TABLE public.dumped OWNER TO postgres; ALTER TABLE ONLY public.dumped ADD CONSTRAINT dumped_pkey PRIMARY KEY (id)
--! allowed
CREATE SEQUENCE public.dumped_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1; ALTER SEQUENCE public.dumped_id_seq OWNED BY public.dumped.id; ALTER TABLE ONLY public.dumped ALTER COLUMN id SET DEFAULT nextval('public.dumped_id_seq'::regclass)
--! allowed
SELECT pg_catalog.setval('public.dumped_id_seq', 42, true)
--! allowed
SELECT setval(pg_get_serial_sequence('tags', 'id'), coalesce(max(id), 1)) FROM tags
--! refused: COPY from stdin
COPY public.dumped (id) FROM stdin
--! allowed
INSERT INTO flyway_schema_history (installed_rank, version, description, script, checksum, success) VALUES (1, '1', 'init', 'V1__init.sql', 1, true)
--! allowed
CREATE TABLE IF NOT EXISTS invoice_batch (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY, state VARCHAR(20) CHECK (state IN ('NEW', 'DONE')))
--! allowed
ALTER TABLE IF EXISTS invoice_batch DROP CONSTRAINT IF EXISTS invoice_batch_state_check, ADD CONSTRAINT invoice_batch_state_check CHECK (state IN ('NEW', 'DONE', 'FAILED'))
--! allowed
CREATE OR REPLACE VIEW active_products AS SELECT * FROM products WHERE deleted_at IS NULL
--! allowed
DROP VIEW IF EXISTS active_products
--! allowed
CREATE VIEW order_totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id
--! allowed
CREATE OR REPLACE VIEW order_totals AS SELECT customer_id, sum(total) AS total, count(*) AS orders FROM orders GROUP BY customer_id
--! allowed
CREATE MATERIALIZED VIEW product_counts AS SELECT count(*) FROM products; CREATE UNIQUE INDEX product_counts_idx ON product_counts (count)
--! allowed
REFRESH MATERIALIZED VIEW product_counts
--! allowed
REFRESH MATERIALIZED VIEW CONCURRENTLY daily_sales
--! allowed
DROP MATERIALIZED VIEW product_counts
--! allowed
INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, md5sum, exectype) VALUES ('1', 'me', 'a.xml', NOW(), 1, '8:abc', 'EXECUTED')
--! allowed
CREATE FUNCTION slugify(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT regexp_replace(lower($1), '[^a-z0-9]+', '-', 'g') $$
--! allowed
CREATE OR REPLACE FUNCTION slugify(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT trim(both '-' from regexp_replace(lower($1), '[^a-z0-9]+', '-', 'g')) $$
--! allowed
UPDATE tags SET name = slugify(name)
--! allowed
CREATE FUNCTION touch_row() RETURNS trigger AS $body$ BEGIN NEW.updated_at := now(); RETURN NEW; END; $body$ LANGUAGE plpgsql; CREATE TRIGGER touch BEFORE UPDATE ON entries FOR EACH ROW EXECUTE PROCEDURE touch_row()
--! refused: changes the trigger function touch_row
CREATE OR REPLACE FUNCTION touch_row() RETURNS trigger AS $body$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END; $body$ LANGUAGE plpgsql
--! allowed
DROP TRIGGER touch ON entries; CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION touch_row()
--! allowed
CREATE FUNCTION place_order(c bigint, amount numeric) RETURNS bigint LANGUAGE sql AS $$ INSERT INTO orders (customer_id, total) VALUES (c, amount) RETURNING id $$
--! allowed
CREATE PROCEDURE purge_sessions() LANGUAGE sql AS $$ DELETE FROM sessions WHERE expires < now() $$; CALL purge_sessions()
--! allowed
DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad', 'ok'); EXCEPTION WHEN duplicate_object THEN null; END $$
--! allowed
DO $$ BEGIN
 ALTER TABLE "articles" ADD CONSTRAINT "articles_author_users_id_fk" FOREIGN KEY ("author") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "login_idx" ON "users" USING btree ("login");
--! allowed
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'app_rw') THEN CREATE ROLE app_rw NOLOGIN; END IF; END $$
--! allowed
CREATE ROLE reporting_user LOGIN PASSWORD 'secret'; GRANT CONNECT ON DATABASE postgres TO reporting_user; GRANT USAGE ON SCHEMA reporting TO reporting_user
--! allowed
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM products WHERE price < 10 LOOP UPDATE products SET price = 10 WHERE id = r.id; END LOOP; END $$
--! allowed
DO $$ DECLARE n int := 1; BEGIN WHILE n > 0 LOOP UPDATE products SET sku = 'X' || id WHERE id IN (SELECT id FROM products WHERE sku LIKE 'S%' LIMIT 30); GET DIAGNOSTICS n = ROW_COUNT; END LOOP; END $$
--! allowed
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['tags', 'entries'] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN tenant int', t); END LOOP; END $$
--! allowed
DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'products' AND column_name = 'weight') THEN ALTER TABLE products RENAME COLUMN weight TO grams; END IF; END $$
--! allowed
WITH batch AS (SELECT id FROM products WHERE grams = 0 LIMIT 1000 FOR UPDATE SKIP LOCKED) UPDATE products p SET grams = 1 FROM batch b WHERE p.id = b.id
--! allowed
INSERT INTO order_items (order_id, product_id) SELECT o.id, p.id FROM orders o CROSS JOIN LATERAL (SELECT id FROM products ORDER BY id LIMIT 1) p
--! allowed
INSERT INTO reporting.facts SELECT current_date, sum(total) FROM orders
--! allowed
CREATE TABLE orders_archive AS SELECT * FROM orders WHERE id < 5
--! allowed
CREATE TABLE orders_new (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)
--! allowed
INSERT INTO orders_new SELECT * FROM orders
--! allowed
TRUNCATE TABLE orders_new RESTART IDENTITY
--! refused: INSERT on orders
INSERT INTO orders (customer_id) VALUES (1)
--! refused: UPDATE on orders
UPDATE orders SET currency = 'USD' WHERE data->>'country' = 'US'
--! refused: RENAME COLUMN on customers
ALTER TABLE customers RENAME COLUMN email TO mail
--! refused: DROP COLUMN total on orders
ALTER TABLE orders DROP COLUMN total
--! refused: ALTER COLUMN total TYPE on orders
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 2)
--! refused: RENAME TO on orders
ALTER TABLE orders RENAME TO purchases
--! stopped: constraint
ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total >= 0) NOT VALID
--! allowed
ALTER TABLE orders ADD COLUMN weight numeric CONSTRAINT weight_positive CHECK (weight >= 0)
--! stopped: rewrites every row
ALTER TABLE orders ADD COLUMN total_cents bigint GENERATED ALWAYS AS ((total * 100)::bigint) STORED
--! stopped: rewrites every row
ALTER TABLE customers ADD COLUMN public_id uuid DEFAULT gen_random_uuid()
--! allowed
CREATE INDEX customers_email_lower ON customers (lower(email))
--! allowed
CREATE INDEX orders_data ON orders USING gin (data jsonb_path_ops)
--! allowed outside
CREATE INDEX CONCURRENTLY orders_country ON orders ((data->>'country'))
--! allowed outside
CREATE INDEX CONCURRENTLY customers_email_upper ON customers (upper(email))
--! allowed outside
CREATE INDEX CONCURRENTLY products_name_trgm ON products USING gin (name gin_trgm_ops)
--! allowed outside
CREATE INDEX CONCURRENTLY articles_text ON articles USING gin (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, '')))
--! allowed outside
CREATE INDEX CONCURRENTLY products_live ON products (name) INCLUDE (price) WHERE deleted_at IS NULL AND price > 0
--! allowed outside
DROP INDEX CONCURRENTLY IF EXISTS products_live
--! allowed outside
REINDEX INDEX CONCURRENTLY index_orders_on_customer_id
--! allowed outside
REINDEX TABLE CONCURRENTLY products
--! allowed outside
VACUUM ANALYZE products
--! allowed outside
ANALYZE orders
--! allowed outside
VACUUM (VERBOSE, ANALYZE) orders
--! refused: VACUUM cannot run inside a transaction
VACUUM FULL products
--! allowed
ANALYZE products
--! refused: cannot run inside a transaction
CREATE INDEX CONCURRENTLY products_price ON products (price)
--! refused outside: would run without a transaction
ALTER TABLE products ADD COLUMN x int
--! allowed
CREATE TRIGGER audit AFTER INSERT ON tags FOR EACH STATEMENT EXECUTE FUNCTION touch_row()
--! allowed
ALTER TABLE tags DISABLE TRIGGER audit; DROP TRIGGER IF EXISTS audit ON tags
--! allowed
ALTER TABLE articles ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON articles USING (author = current_setting('app.user', true)::uuid)
--! allowed
DROP POLICY own ON articles; ALTER TABLE articles DISABLE ROW LEVEL SECURITY
--! refused: ENABLE ROW
ALTER TABLE orders ENABLE ROW LEVEL SECURITY
--! allowed
CREATE PUBLICATION search_sync FOR TABLE products, articles
--! allowed
ALTER PUBLICATION search_sync ADD TABLE tags
--! refused: changes the publication
ALTER PUBLICATION search_sync DROP TABLE tags
--! allowed
CREATE TABLE audit_log_2025 PARTITION OF audit_log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
--! allowed
CREATE TABLE audit_log_2026 (LIKE audit_log INCLUDING ALL); ALTER TABLE audit_log ATTACH PARTITION audit_log_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
--! allowed
ALTER TABLE audit_log DETACH PARTITION audit_log_2024; DROP TABLE audit_log_2024
--! allowed
INSERT INTO audit_log (at, what) SELECT '2025-05-05', 'x' FROM generate_series(1, 10)
--! allowed
DROP TABLE IF EXISTS sessions
--! refused: everything that depends on it
DROP TABLE "products_tags", tags CASCADE
--! allowed
DROP SCHEMA billing
--! allowed
DROP TYPE mood
--! allowed
DROP FUNCTION IF EXISTS slugify(text)
--! allowed
DROP EXTENSION IF EXISTS hstore
--! allowed
CREATE DOMAIN email_address AS text CHECK (value ~ '@'); ALTER TABLE users ADD COLUMN contact email_address
--! allowed
CREATE TYPE point3 AS (x float, y float, z float); CREATE TABLE places (id int, at point3)
--! allowed
CREATE TYPE window_of_time AS RANGE (subtype = timestamptz)
--! allowed
CREATE AGGREGATE product_of(numeric) (sfunc = numeric_mul, stype = numeric, initcond = 1)
--! allowed
CREATE COLLATION german (provider = icu, locale = 'de'); ALTER TABLE articles ALTER COLUMN title TYPE text COLLATE german
--! allowed
CREATE STATISTICS products_stats (dependencies) ON name, sku FROM products; ALTER TABLE products ALTER COLUMN name SET STATISTICS 500
--! allowed
ALTER TABLE products SET (autovacuum_vacuum_scale_factor = 0.05, fillfactor = 90)
--! allowed
ALTER TABLE orders SET (autovacuum_analyze_scale_factor = 0.02)
--! allowed
ALTER TABLE orders ALTER COLUMN status SET STATISTICS 1000
--! allowed
LOCK TABLE products IN SHARE ROW EXCLUSIVE MODE; UPDATE products SET price = price + 1
--! allowed
SELECT pg_advisory_xact_lock(4242); CREATE TABLE locked_step (id int)
--! allowed
SELECT 1
--! allowed
EXPLAIN SELECT * FROM orders
--! allowed
NOTIFY schema_changed, '42'
--! allowed
CREATE TEMPORARY TABLE staging (id int, price int) ON COMMIT DROP; INSERT INTO staging SELECT id, price FROM products; UPDATE products p SET price = s.price * 2 FROM staging s WHERE s.id = p.id
--! allowed since 15
MERGE INTO products p USING (VALUES (1, 99)) AS v(id, price) ON p.id = v.id WHEN MATCHED THEN UPDATE SET price = v.price WHEN NOT MATCHED THEN INSERT (name, price) VALUES ('new', v.price)
--! allowed
CREATE RULE products_soft_delete AS ON DELETE TO products DO INSTEAD UPDATE products SET deleted_at = now() WHERE products.id = OLD.id
--! allowed
DROP RULE products_soft_delete ON products
--! allowed
ALTER TABLE articles ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, coalesce(title, ''))) STORED; CREATE INDEX articles_search ON articles USING gin (search)
--! allowed
ALTER TABLE users ALTER COLUMN settings TYPE jsonb USING settings::jsonb
--! allowed
ALTER TABLE users ALTER COLUMN role DROP DEFAULT, ALTER COLUMN role TYPE order_status USING 'open'::order_status
--! allowed
CREATE TABLE stock (product_id int REFERENCES products ON DELETE CASCADE, amount int NOT NULL CHECK (amount >= 0), PRIMARY KEY (product_id)); INSERT INTO stock SELECT id, 0 FROM products
--! allowed
DELETE FROM products WHERE id > 90
--! allowed
UPDATE users SET settings = jsonb_set(coalesce(settings, '{}'), '{theme}', '"dark"')
--! allowed
ALTER ROLE reader SET statement_timeout = '30s'
--! allowed
GRANT SELECT (id, email) ON customers TO reader
--! allowed
GRANT reader TO app_rw
--! refused: REVOKE on orders
REVOKE ALL ON orders FROM reader
--! refused: DROP TABLE on orders
DROP TABLE IF EXISTS orders CASCADE
--! refused: which is protected
DELETE FROM customers WHERE email LIKE '%@spam.example'
--! refused: everything that depends on it
DROP TYPE order_status CASCADE
--! refused: TRUNCATE . CASCADE reaches
TRUNCATE products CASCADE
--! refused: SAVEPOINT controls the transaction
SAVEPOINT before_backfill; UPDATE products SET price = 0; RELEASE SAVEPOINT before_backfill
--! refused: is a command of psql
\set ON_ERROR_STOP on
CREATE TABLE never (id int)
--! refused: dblink works in a session of its own
SELECT dblink_exec('host=old', 'select 1')
--! allowed
CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'warehouse', dbname 'dw'); CREATE FOREIGN TABLE warehouse_sales (id int) SERVER warehouse
--! allowed
CREATE TABLE "event" (id uuid DEFAULT uuid_generate_v4() PRIMARY KEY, "type" text NOT NULL, payload jsonb NOT NULL DEFAULT '{}'::jsonb, "createdAt" TIMESTAMP NOT NULL DEFAULT now())
--! allowed
ALTER TABLE "event" ADD CONSTRAINT "UQ_type" UNIQUE ("type"); ALTER TABLE "event" DROP CONSTRAINT "UQ_type"
--! allowed
CREATE TABLE oban_jobs (id bigserial, state text NOT NULL DEFAULT 'available', queue text, args jsonb, errors jsonb[] DEFAULT ARRAY[]::jsonb[], attempted_by text[], PRIMARY KEY (id)); COMMENT ON TABLE oban_jobs IS '11'; CREATE INDEX oban_jobs_idx ON oban_jobs (state, queue, id)
--! allowed
CREATE INDEX IF NOT EXISTS event_created ON "event" USING brin ("createdAt") WITH (pages_per_range = 32); CLUSTER "event" USING "event_pkey"
--! allowed
ALTER TABLE "event" SET UNLOGGED; ALTER TABLE "event" SET LOGGED; ALTER TABLE "event" REPLICA IDENTITY FULL
--! allowed
INSERT INTO "event" (type, payload) SELECT 'order', to_jsonb(o) FROM orders o ON CONFLICT DO NOTHING
--! allowed
CREATE CAST (text AS "Plan") WITH INOUT
--! allowed
PREPARE fill (int, text) AS INSERT INTO stock (product_id, amount) VALUES ($1, length($2)) ON CONFLICT (product_id) DO UPDATE SET amount = excluded.amount; EXECUTE fill (1, 'abc'); DEALLOCATE fill
--! stopped: got the index
CREATE UNIQUE INDEX one_open_order ON orders (customer_id) WHERE status = 'open'
--! fails: could not create unique index
CREATE UNIQUE INDEX only_one_order ON orders ((true))
--! stopped outside: got a unique index
CREATE UNIQUE INDEX CONCURRENTLY one_order ON orders (customer_id, total)
--! allowed
ALTER TABLE orders ADD COLUMN external_id text; CREATE UNIQUE INDEX orders_external_id ON orders (external_id)
--! allowed
CREATE UNIQUE INDEX orders_coupon ON orders (coupon)
--! allowed outside
CREATE UNIQUE INDEX CONCURRENTLY orders_note ON orders (note, currency)
--! allowed
ALTER TABLE orders ADD CONSTRAINT coupon_is_short CHECK (length(coupon) < 20)
