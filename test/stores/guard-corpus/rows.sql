--! refused
insert into invoices (amount) values (1)
--! refused
INSERT INTO "public"."invoices" (amount) SELECT 1
--! refused
update only public.invoices set amount = amount + 1
--! refused
delete from invoices using customers c where c.id = invoices.customer
--! refused
with gone as (delete from invoices returning *) insert into free_log (what) select note from gone
--! refused
with a as (select 1), b as (update invoices set state = 'paid' where id in (select * from a) returning id) select count(*) from b
--! refused
with recursive r(n) as (select 1 union all select n + 1 from r where n < 3), d as (delete from events where id in (select n from r)) select 1
--! refused
insert into invoices (amount) values (1) on conflict do nothing
--! refused
insert into customers (id, email) values (1, 'x') on conflict (id) do update set email = excluded.email
--! refused since 15
merge into invoices i using free_log l on i.id = l.id when matched then update set note = l.what when not matched then do nothing
--! refused since 15
merge into invoices i using free_log l on i.id = l.id when matched then delete
--! refused since 17
merge into invoices i using free_log l on i.id = l.id when not matched by source then delete
--! allowed since 15
merge into free_log l using invoices i on i.id = l.id when matched then update set what = i.note
--! refused
truncate invoices
--! refused
truncate table only events_2024
--! refused
truncate customers cascade
--! refused
truncate free_log, events restart identity
--! refused
truncate free.items cascade
--! refused
copy invoices from '/etc/hostname'
--! refused
copy invoices (note) from stdin
--! refused
copy (delete from invoices returning *) to stdout
--! refused
copy (select 1) to program 'psql -c "drop table invoices"'
--! refused
copy free_log from program 'id'
--! refused
copy invoices to '/tmp/out'
--! refused
explain analyze delete from invoices
--! refused
explain (analyze, costs off) with x as (update invoices set note = 'x' returning 1) select * from x
--! refused
prepare p as delete from invoices
--! refused
prepare p (int) as update invoices set note = 'x' where id = $1; execute p(1)
--! refused
declare c cursor for delete from invoices returning *
--! refused
create table free_kept as with d as (delete from invoices returning *) select * from d
--! refused
select * into free_kept from invoices; with x as (delete from invoices returning 1) select 1
--! refused
update open_invoices set amount = 0
--! refused
insert into open_invoices (amount) values (3)
--! stopped
delete from free_view where id = 1
--! stopped
update free_view set state = 'refunded'
--! refused
delete from events_2025
--! refused
insert into events values (99, '2025-03-03', 'x')
--! refused
delete from letters
--! refused
insert into visits values (now(), 'x')
--! refused
insert into remote values (1)
--! refused
refresh materialized view totals
--! refused
update lib.kinds set kind = 'refunded'
--! refused
set search_path = lib; delete from kinds
--! refused
set local search_path to lib, public; update kinds set kind = 'paid'
--! refused
select set_config('search_path', 'lib', true); delete from kinds
--! refused
do $$ begin delete from invoices; end $$
--! refused
do language plpgsql 'begin perform 1; update invoices set note = ''x''; end'
--! refused
do $$ declare r record; begin for r in delete from invoices returning * loop null; end loop; end $$
--! refused
do $$ begin if true then begin truncate invoices; exception when others then null; end; end if; end $$
--! refused
do $$ begin execute 'delete from invoices'; end $$
--! refused
do $$ begin execute format('delete from %I', 'invoices'); end $$
--! stopped
do $$ declare t text := 'invoices'; begin execute 'delete from ' || t; end $$
--! stopped
do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'public' and tablename like 'inv%' loop execute format('truncate %I', t); end loop; end $$
--! stopped
do $$ begin execute convert_from(decode('64656c6574652066726f6d20696e766f69636573', 'hex'), 'utf8'); end $$
--! stopped
do $$ declare c refcursor; n int; begin open c for execute reverse('1 gninruter secioivni morf eteled'); fetch c into n; exception when others then delete from free_log; perform free_wipe(); end $$
--! refused
do $$ declare c cursor for select id from invoices for update; r record; begin for r in c loop delete from invoices where current of c; end loop; end $$
--! stopped
select free_wipe()
--! stopped
select count(*) from generate_series(1, 2) where free_wipe() > 0
--! stopped
call free_tidy()
--! stopped
select free_run('truncate invoices')
--! stopped
select free_run('upd' || 'ate invoices set note = $q$x$q$')
--! stopped
table free_trap_view
--! stopped
select * from free_trap_view
--! stopped
select 'a' operator(free.###) 'b'
--! stopped
insert into free_log (what) select 'x' where 'a' operator(free.###) 'b'
--! stopped
create index on free_log (free_hidden_wipe())
--! stopped
create table free_t (a int default free_wipe()); insert into free_t default values
--! stopped
create table free_t (a int check (free_wipe() = 1)); insert into free_t values (1)
--! stopped
alter table free_log add column a int default free_wipe()
--! stopped
alter table free_log add constraint k check (free_wipe() = 1)
--! stopped
alter table free_log alter column what type text using free_wipe()::text
--! stopped
create materialized view free_m as select free_wipe()
--! stopped
create view free_v as select free_wipe(); table free_v
--! stopped
create function free_t() returns trigger language plpgsql as $$ begin perform free_wipe(); return new; end $$; create trigger t after insert on free_log for each row execute function free_t(); insert into free_log (what) values ('x')
--! stopped
create rule r as on insert to free_log do also select free_wipe(); insert into free_log (what) values ('x')
--! stopped
create rule r as on insert to free_log do also delete from invoices; insert into free_log (what) values ('x')
--! refused
create function free_n() returns int language sql as 'delete from public.invoices; select 1'; select free_n()
--! refused
create function free_n() returns int language sql as 'delete from public.invoices; select 1'; create table free_x as select free_n()
--! refused since 14
create function free_n() returns bigint language sql begin atomic delete from public.invoices; select 1::bigint; end; select free_n()
--! allowed
create function free_n() returns int language sql as 'delete from public.invoices; select 1'
--! stopped
insert into free_drafts (id) values (5)
--! stopped
insert into free.lines values (5, 1)
--! allowed
declare c cursor with hold for select free_wipe()
--! stopped
do $$ begin perform free_wipe(); raise exception 'x'; exception when others then perform free_wipe(); end $$
--! allowed
do $$ begin perform free_wipe(); raise exception 'x'; exception when raise_exception then null; end $$
--! refused
do $$ begin perform set_config('track_counts', 'off', true); perform free_wipe(); end $$
--! refused
do $$ begin perform set_config('session_replication_role', 'replica', true); perform free_wipe(); end $$
--! refused
set track_counts = off; select free_wipe()
--! refused
set session_replication_role = replica; delete from free.items
--! stopped
lock table invoices in access exclusive mode; select free_wipe()
--! allowed
lock table invoices in share mode
--! allowed
select * from invoices for update
--! refused
select setval('invoice_no', 1)
--! refused
select setval('public.invoice_no', 1, false), pg_catalog.setval('countdown'::regclass, 1000000)
--! refused
do $$ begin perform setval(('invoice' || '_no')::regclass, 1); end $$
--! refused
do $$ begin execute 'select set' || 'val($q$countdown$q$, 1000000)'; end $$
--! refused
do $$ begin execute 'select set' || 'val($q$invoice_no$q$, 9223372036854775807)'; end $$
--! allowed
select nextval('invoice_no')
--! refused
alter sequence invoice_no restart
--! refused
alter sequence invoice_no increment by 10
--! stopped
alter sequence customers_id_seq restart with 1
--! refused
do $$ begin execute 'alter sequ' || 'ence invoice_no restart with 500'; end $$
--! refused
select lo_unlink(scan) from invoices
--! refused
select lo_put(16500, 0, 'x')
--! refused
select lowrite(lo_open(scan, 131072), 'XX') from invoices where scan is not null
--! refused
do $$ begin perform lo_truncate(lo_open(scan, 131072), 0) from invoices where scan is not null; end $$
--! refused
do $$ begin execute 'select lo_' || 'unlink(oid) from pg_largeobject_metadata'; end $$
--! refused
delete from pg_largeobject
--! refused
do $$ begin execute 'delete from pg_large' || 'object'; end $$
--! allowed
select lo_from_bytea(0, 'x')
--! refused
insert into public . invoices (amount) /* -- */ values (1)
--! refused
delete from U&"\0069nvoices"
--! refused
DELETE/**/FROM/*;*/invoices--x
--! refused
delete from public."invoices" as "free_log" where true
--! allowed
delete from free_log as invoices
--! refused
create temp table invoices as select 1 as id; drop table pg_temp.invoices
--! refused
create temp table free_x (id int); delete from invoices
--! allowed
select 'delete from invoices; drop table invoices'
--! allowed
insert into free_log (what) values ($a$; drop table invoices; $a$)
