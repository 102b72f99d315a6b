-- Run once as a superuser: runuser -u postgres -- psql --set=password="'…'" < roles.sql
-- The controller owns its database and makes its own tables in it; it needs no other right.
\set ON_ERROR_STOP on
CREATE ROLE switchyard LOGIN PASSWORD :password;
CREATE DATABASE switchyard OWNER switchyard ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE switchyard FROM PUBLIC;
-- A controller that lost its way holds no lock and no snapshot for ever.
ALTER ROLE switchyard IN DATABASE switchyard SET idle_in_transaction_session_timeout = '60s';
