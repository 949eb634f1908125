--! refused
drop table invoices
--! refused
drop table if exists free_log, invoices
--! refused
drop table invoices cascade
--! refused
drop table free.items cascade
--! refused
drop table events_2024
--! refused
drop table letters
--! refused
drop foreign table remote
--! refused
drop schema lib cascade
--! refused
drop schema public cascade
--! allowed
create schema free_s; drop schema free_s
--! refused
drop schema free cascade
--! refused
drop owned by postgres
--! refused
drop owned by app
--! refused
drop owned by app cascade
--! refused
reassign owned by postgres to app
--! refused
alter table invoices add column x int
--! refused
alter table invoices drop column note
--! refused
alter table invoices alter column amount type numeric(20, 2)
--! refused
alter table invoices alter column amount set default 3, alter column note set not null
--! refused
alter table invoices rename to free_invoices
--! refused
alter table invoices rename column note to remark
--! refused
alter table invoices rename constraint invoices_pkey to k
--! refused
alter table invoices set schema free
--! refused
alter table invoices owner to app
--! refused
alter table invoices add constraint c check (amount < 1000)
--! refused
alter table invoices drop constraint invoices_note_check
--! refused
alter table invoices disable trigger stamp
--! refused
alter table invoices enable replica trigger stamp
--! refused
alter table invoices disable row level security
--! refused
alter table customers force row level security
--! refused
alter table customers no force row level security, disable row level security
--! refused
alter table invoices replica identity full
--! refused
alter table invoices set unlogged
--! refused
alter table visits set logged
--! refused
alter table invoices set (fillfactor = 50)
--! refused
alter table invoices cluster on invoices_pkey
--! refused
alter table invoices set without cluster
--! refused
alter table letters no inherit documents
--! refused
create table free_more (like documents); alter table free_more inherit documents
--! refused
create table free_more () inherits (documents); insert into free_more values (3, 'x')
--! refused
create table free_events partition of events for values from ('2026-01-01') to ('2027-01-01')
--! refused
create table free_events (like events); alter table events attach partition free_events for values from ('2026-01-01') to ('2027-01-01')
--! refused
alter table events detach partition events_2024
--! refused
do $$ begin execute 'alter table eve' || 'nts detach partition events_2024'; end $$
--! refused
do $$ begin execute 'create table free_e partition of eve' || 'nts default'; end $$
--! refused
alter table invoices alter column gross drop expression
--! refused
alter table customers alter column id set generated always
--! refused
alter table customers alter column id drop identity
--! refused
alter table customers alter column name type text collate "C"
--! refused
alter table invoices of addr
--! refused
alter table invoices alter column note set storage external
--! refused
alter table invoices alter column state set statistics 10
--! refused
alter table invoices set tablespace pg_default
--! refused
alter table all in tablespace pg_default set tablespace pg_default
--! refused
create index on invoices (amount)
--! refused
create unique index only_one on invoices ((true))
--! refused
do $$ begin execute 'create unique index on invoi' || 'ces (note)'; end $$
--! stopped
drop index invoices_note
--! stopped
alter index invoices_note rename to free_x
--! stopped
alter index invoices_note set (fillfactor = 70)
--! fails
alter index invoices_pkey alter column 1 set statistics 1
--! allowed
reindex index invoices_note
--! refused
cluster invoices using invoices_pkey
--! refused
create trigger t before insert on invoices for each row execute function lib.kept()
--! refused
create or replace trigger stamp before update on invoices for each row execute function stamp()
--! refused
drop trigger stamp on invoices
--! refused
alter trigger stamp on invoices rename to z
--! refused
alter trigger stamp on invoices depends on extension citext
--! refused
create rule r as on insert to invoices do instead nothing
--! refused
drop rule no_delete on documents
--! refused
alter rule no_delete on documents rename to r
--! refused
create or replace rule no_delete as on delete to documents do also nothing
--! refused
create policy p on customers using (false)
--! refused
drop policy own on customers
--! refused
alter policy own on customers using (true)
--! refused
alter policy own on customers rename to p
--! refused
create or replace view open_invoices as select * from invoices
--! refused
drop view open_invoices
--! refused
alter view open_invoices set (security_barrier = true)
--! refused
alter view open_invoices rename to invoices_open
--! refused
alter view open_invoices alter column state set default 'paid'
--! refused
alter view open_invoices rename column note to remark
--! refused
drop materialized view totals
--! refused
alter materialized view totals rename to t
--! refused
create view lib.v as select * from invoices; alter view open_invoices rename to old; alter view lib.v set schema public
--! refused
alter table invoices rename to old_invoices; create view invoices as select * from old_invoices
--! refused
do $$ begin execute 'alter table invo' || 'ices rename to free_invoices'; execute 'create view invoices as select * from free_invoices'; end $$
--! refused
grant select on invoices to public
--! refused
revoke all on invoices from app
--! refused
revoke select on all tables in schema public from app
--! refused
grant update (note) on invoices to clerk
--! refused
revoke usage on sequence invoice_no from app
--! refused
revoke usage on schema lib from app
--! refused
revoke all on schema public from public
--! refused
alter schema lib rename to library
--! refused
alter schema lib owner to app
--! refused
do $$ begin execute 'revoke usage on sch' || 'ema lib from app'; end $$
--! refused
do $$ begin execute 'alter sch' || 'ema lib rename to library'; end $$
--! refused
revoke connect on database other_app from public
--! refused
do $$ begin execute format('revoke connect, temp on database %I from public', current_database()); end $$
--! stopped
revoke execute on function stamp() from public
--! stopped
revoke execute on all functions in schema lib from public
--! stopped
do $$ begin execute 'revoke execute on function lib.sho' || 'ut(text) from public'; end $$
--! refused
revoke usage on type pay from public
--! refused
revoke usage on language plpgsql from public
--! refused
do $$ begin execute 'revoke usage on lang' || 'uage sql from public'; end $$
--! refused
revoke usage on foreign server far from app
--! stopped
grant readers to app
--! stopped
revoke readers from clerk
--! stopped
do $$ begin execute 'revoke rea' || 'ders from clerk'; end $$
--! stopped
alter role app nologin
--! stopped
do $$ begin execute 'alter role a' || 'pp nologin'; end $$
--! stopped
alter role app rename to appl
--! stopped
drop role clerk
--! stopped
do $$ begin execute 'drop role cl' || 'erk'; end $$
--! stopped
alter group readers add user app
--! refused
alter role app superuser
--! refused
do $$ begin execute 'alter role a' || 'pp bypassrls'; end $$
--! refused
alter role app set search_path = lib, public
--! refused
alter role app set default_transaction_read_only = on
--! refused
alter role all set row_security = off
--! refused
alter role app in database other_app set role = readers
--! refused
do $$ begin execute 'alter role a' || 'pp set default_transaction_read_only = on'; end $$
--! refused
do $$ begin execute format('alter database %I set search_path = lib', current_database()); end $$
--! refused
do $$ begin execute format('alter database %I with connection limit 0', current_database()); end $$
--! refused
do $$ begin execute format('alter database %I owner to app', current_database()); end $$
--! refused
alter database other_app set standard_conforming_strings = off
--! refused
alter system set default_transaction_read_only = on
--! refused
alter database other_app allow_connections false
--! refused
drop database other_app
--! refused
create database free_db
--! refused
create tablespace t location '/tmp'
--! allowed
alter role app set statement_timeout = '30s'
--! allowed
create role free_reporter
--! allowed
create role free_clerk in role readers
--! allowed
alter default privileges in schema free grant select on tables to app
--! refused
alter default privileges revoke execute on functions from public; create function free_n() returns trigger language plpgsql as 'begin return new; end'; alter table invoices disable trigger all
--! refused
comment on table invoices is 'x'; drop table invoices
--! allowed
comment on table invoices is 'the invoices'
--! allowed
comment on column invoices.note is null
--! refused
security label on table invoices is 'x'; drop table visits
--! refused
create statistics s on amount, customer from invoices
--! allowed
drop statistics invoices_stats
--! refused
create table free_ref (i bigint references invoices)
--! refused
do $$ begin execute 'create table free_ref (i bigint references invo' || 'ices)'; end $$
--! refused
alter table free_log add foreign key (id) references customers on delete cascade
--! allowed
create table free_copy (like invoices including all)
--! allowed
create table free_copy as table invoices with no data
--! allowed
create view free_v2 as select * from invoices
--! allowed
alter table free_log add column invoice bigint, add column state pay default 'paid'
--! allowed
drop table free_drafts
--! allowed
alter table free_log rename to free_log2
