--! refused
alter type pay rename value 'paid' to 'settled'
--! refused
alter type pay add value 'later'; update pg_enum set enumlabel = 'x' where enumlabel = 'paid'
--! stopped
alter type pay add value 'later' before 'paid'
--! refused
alter type pay rename to payment
--! refused
alter type pay set schema lib
--! refused
alter type pay owner to app
--! refused
drop type pay cascade
--! fails
drop type addr
--! refused
alter type addr drop attribute city
--! refused
alter type addr add attribute zip text cascade
--! refused
alter type addr rename attribute city to town cascade
--! refused
alter type addr alter attribute city type varchar(20) cascade
--! refused
alter domain price drop constraint price_check
--! refused
alter domain price add constraint p2 check (value < 1000)
--! refused
alter domain price set default 1
--! refused
alter domain price set not null
--! refused
alter domain price rename constraint price_check to c
--! refused
alter domain price rename to cost
--! refused
alter domain price owner to app
--! refused
drop domain price cascade
--! refused
do $$ begin execute 'alter dom' || 'ain price drop constraint price_check'; end $$
--! refused
do $$ begin execute 'alter type ad' || 'dr rename attribute city to town cascade'; end $$
--! refused
alter type span set schema lib
--! refused
create or replace function stamp() returns trigger language plpgsql as $$ begin return null; end $$
--! stopped
create or replace function lib.shout(text) returns text language sql immutable as 'select null::text'
--! stopped
create or replace function lib.same(text, text) returns boolean language sql immutable as 'select false'
--! refused
create or replace function lib.kept() returns trigger language plpgsql as 'begin return null; end'
--! stopped
alter function lib.shout(text) volatile
--! stopped
alter function stamp() set search_path = lib
--! stopped
alter function stamp() security definer
--! stopped
alter function stamp() owner to app
--! stopped
alter function lib.shout(text) rename to scream
--! stopped
alter function lib.shout(text) set schema public
--! refused
drop function stamp() cascade
--! fails
drop function lib.shout(text)
--! refused
drop function lib.shout(text) cascade
--! stopped
do $$ begin execute 'create or replace function lib.sho' || 'ut(text) returns text language sql immutable as $q$select null::text$q$'; end $$
--! stopped
create schema free_q; create function pg_catalog.lower(citext) returns text language sql as 'select null::text'
--! stopped
create or replace function pg_catalog.upper(text) returns text language sql as 'select $1'
--! stopped
alter function pg_catalog.now() owner to app
--! stopped
create function public.lower(text, int) returns text language sql as 'select null::text'; alter function lib.kept() rename to kept2
--! stopped
alter operator lib.~~~ (text, text) owner to app
--! fails
drop operator lib.~~~ (text, text)
--! fails
drop aggregate lib.total(bigint)
--! refused
alter collation lib.numeric_order rename to c
--! refused
alter collation lib.numeric_order owner to app
--! refused
drop collation lib.numeric_order cascade
--! stopped
alter text search configuration lib.search drop mapping for asciiword
--! stopped
alter text search configuration lib.search alter mapping for asciiword with english_stem
--! stopped
alter text search dictionary lib.words (accept = false)
--! stopped
alter text search configuration lib.search rename to s
--! fails
drop text search configuration lib.search
--! refused
drop text search dictionary lib.words cascade
--! stopped
do $$ begin execute 'alter text search configuration lib.sea' || 'rch alter mapping for asciiword with english_stem'; end $$
--! refused
drop publication cdc
--! refused
alter publication cdc drop table invoices
--! refused
alter publication cdc set (publish = 'insert')
--! refused
alter publication cdc set table free_log
--! refused
alter publication cdc add table documents
--! refused
create publication all_of_it for all tables
--! refused
create publication p for table invoices
--! refused since 15
create publication p for tables in schema public
--! allowed
create publication p for table free_log
--! refused
create subscription s connection 'host=127.0.0.1' publication cdc with (connect = false)
--! refused
drop extension citext cascade
--! fails
drop extension citext
--! refused
alter extension citext set schema lib
--! refused
alter extension citext update
--! refused
alter extension citext drop type citext
--! refused
alter extension citext add table invoices
--! allowed
create extension if not exists pgcrypto
--! refused
alter server far options (set host '10.0.0.1')
--! refused
drop server far cascade
--! refused
alter foreign data wrapper postgres_fdw no handler
--! refused
alter user mapping for public server far options (set user 'x')
--! refused
drop user mapping for public server far
--! refused
create user mapping for app server far options (user 'x')
--! refused
alter foreign table remote options (add table_name 'x')
--! refused
do $$ begin execute 'alter ser' || 'ver far options (set port $q$2$q$)'; end $$
--! refused
do $$ begin execute 'alter user map' || 'ping for public server far options (set user $q$x$q$)'; end $$
--! fails
import foreign schema public from server far into public
--! refused
create cast (text as pay) with inout as implicit
--! refused
create cast (int as text) with inout as assignment
--! allowed
create cast (free.mood as int) with inout
--! refused
create event trigger e on ddl_command_start execute function lib.kept()
--! refused
do $$ begin execute 'create function free_e() returns event_trigger language plpgsql as $q$ begin end $q$'; execute 'create event tri' || 'gger e on ddl_command_end execute function free_e()'; end $$
--! refused
create function free_e() returns event_trigger language plpgsql as $$ begin perform public.free_wipe(); end $$; create event trigger e on ddl_command_end execute function free_e(); create table free_x ()
--! refused
update pg_class set relname = 'x' where relname = 'invoices'
--! refused
update pg_catalog.pg_attribute set attnotnull = false where attrelid = 'invoices'::regclass
--! refused
delete from pg_trigger where tgname = 'stamp'
--! refused
insert into pg_depend select * from pg_depend limit 1
--! refused
do $$ begin execute 'delete from pg_tri' || 'gger where tgname = $q$stamp$q$'; end $$
--! refused
do $$ begin execute 'update pg_pro' || 'c set prosrc = $q$select $1$q$ where proname = $q$shout$q$'; end $$
--! refused
do $$ begin execute 'update pg_ind' || 'ex set indisvalid = false where indexrelid = $q$invoices_note$q$::regclass'; end $$
--! refused
do $$ begin execute 'update pg_cl' || 'ass set relrowsecurity = false where relname = $q$customers$q$'; end $$
--! refused
do $$ begin execute 'update pg_ran' || 'ge set rngsubopc = rngsubopc, rngcollation = 100 where rngtypid = $q$span$q$::regtype'; end $$
--! refused
do $$ begin execute 'update pg_aggre' || 'gate set agginitval = $q$5$q$ where aggfnoid = $q$lib.total(bigint)$q$::regprocedure'; end $$
--! refused
do $$ begin execute 'update pg_amp' || 'roc set amproc = $q$btint4cmp$q$::regproc where amproc = $q$btint8cmp$q$::regproc'; end $$
--! refused
do $$ begin execute 'update pg_ty' || 'pe set typdefault = $q$5$q$ where typname = $q$price$q$'; end $$
--! refused
set allow_system_table_mods = on; alter table pg_class add column x int
--! stopped
create schema app; create table app.invoices (like public.invoices)
--! stopped
create schema app authorization app; create view app.customers as select * from public.customers where false
--! refused
set role app; reset role; delete from invoices
--! refused
set role app; delete from free_view; select free_wipe()
--! stopped
set local role app; reset role; select free_wipe()
--! stopped
set session authorization app; reset session authorization; select free_wipe()
--! refused
reset all; discard all; delete from invoices
--! refused
discard temp; truncate invoices
--! refused
set standard_conforming_strings = off; select '\'; drop table invoices; --'
--! refused
set backslash_quote = on
--! allowed
set row_security = off; select 1
--! refused
set local_preload_libraries = 'x'
--! refused
set transaction read only
--! refused
set transaction isolation level serializable
--! allowed
set local statement_timeout = '10s'; set lock_timeout = '1s'; select 1
--! refused
set search_path = free; insert into items values (100, 'x')
--! allowed
reset search_path; show search_path
--! allowed
set time zone 'UTC'; select now()
--! refused
begin; delete from invoices; commit
--! refused
delete from free_log; commit
--! refused
end
--! refused
rollback and chain
--! refused
savepoint a; delete from free_log; rollback to a
--! refused
release savepoint x
--! refused
prepare transaction 'x'
--! refused
commit prepared 'x'
--! refused
start transaction isolation level serializable
--! refused
do $$ begin delete from public.free_log; commit; end $$
--! fails
call free_end()
--! refused
do $$ begin execute 'com' || 'mit'; end $$
--! refused
create procedure free_c() language plpgsql as 'begin commit; end'; call free_c()
--! refused
select dblink_exec('dbname=postgres', 'delete from invoices')
--! refused
select * from dblink('dbname=x', 'delete from invoices returning 1') as t(a int)
--! refused
do $$ begin perform dblink_connect('x', 'dbname=postgres'); perform dblink_send_query('x', 'drop table invoices'); end $$
--! fails
select free_far()
--! refused
select cron.schedule('x', '* * * * *', 'delete from invoices')
--! refused
select pg_terminate_backend(pid) from pg_stat_activity
--! refused
select pg_reload_conf()
--! refused
select lo_export(scan, '/tmp/x') from invoices
--! refused
select pg_drop_replication_slot('x')
--! allowed
select pg_advisory_xact_lock(1), pg_advisory_lock(2)
--! allowed
listen x; notify x, 'drop table invoices'; unlisten *
--! allowed
select pg_notify('x', 'y')
--! allowed
prepare q as select 1; execute q; deallocate q
--! allowed
declare c cursor for select * from invoices; fetch 2 from c; close c
--! allowed
explain select * from invoices
--! fails
load 'nowhere'
--! allowed
analyze invoices
--! refused
vacuum
--! refused outside
vacuum full invoices
--! allowed outside
vacuum (analyze) invoices
--! allowed outside
create index concurrently free_c on free_log (what)
--! refused outside
create index concurrently i on invoices (amount)
--! refused outside
create index concurrently i on free_log (free_hidden_wipe())
--! refused outside
create index concurrently i on free_log (id) where 'a' operator(free.###) 'b'
--! stopped outside
drop index concurrently invoices_note
--! allowed outside
reindex index concurrently invoices_note
--! stopped outside
alter type pay add value 'later'
--! allowed outside
alter type free.mood add value 'ugly'
--! refused outside
refresh materialized view concurrently totals
--! refused outside
delete from free_log
--! refused outside
alter table events detach partition events_2024 concurrently
--! refused outside
select 1
--! refused
drop schema switchback cascade
--! refused
delete from switchback.ledger
--! refused
insert into switchback.ledger (target, plan, run, operation, digest, epoch, attempt, made, rows) select 'books', 'books', 'x', 'y', 'z', 1, 1, jsonb_build_array('relation:' || 'public.invoices'::regclass::oid), 0; drop table invoices
--! stopped
do $$ declare p text; begin execute 'select max(plan) from switch' || 'back.ledger' into p; execute format('insert into switch' || 'back.ledger (target, plan, run, operation, digest, epoch, attempt, made, rows) values ($q$books$q$, $q$books$q$, $q$x$q$, $q$y$q$, $q$z$q$, 1, 1, jsonb_build_array($q$relation:%s$q$), 0)', 'public.invoices'::regclass::oid); perform free_wipe(); end $$
--! refused
do $$ begin execute 'update switch' || 'back.fence set epoch = 0'; end $$
--! refused
do $$ begin execute 'alter table switch' || 'back.ledger disable trigger all'; execute 'create trigger t after insert on switch' || 'back.ledger for each row execute function free_trap()'; end $$
--! refused
not sql at all
--! refused
select 'open
--! refused
\i other.sql
